using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KvStore.Extensions.Configuration;
using Microsoft.Extensions.Configuration;

namespace KvStore.Extensions.Tests;

/// <summary>Configuration while its store is away, at the start and later.</summary>
public sealed class AwayTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Start_StoreAway_Fails()
    {
        var failure = Assert.Throws<InvalidOperationException>(() => Build(new Uri("http://127.0.0.1:1"), null));
        Assert.Contains("config/", failure.Message, StringComparison.Ordinal);
        Assert.Null(Build(new Uri("http://127.0.0.1:1"), null, isOptional: true)["a"]);
        Assert.Throws<InvalidOperationException>(() => new ConfigurationBuilder().AddKvStore(source => source.Prefix = "config/").Build());
    }

    [Fact]
    public async Task Store_AwayLaterAndAtTheNextStart_ValuesStay()
    {
        using var directory = new TemporaryDirectory();
        var place = Directory.CreateDirectory(directory.New()).FullName;
        var file = Path.Combine(place, "known.json");
        string[] data = ["--data", Path.Combine(place, "data")];
        var address = FreeAddress();
        IConfigurationRoot root;
        await using (var first = await StartAsync(address, data))
        {
            using var client = new KvStoreClient(address);
            await client.PutAsync("config/a", "1", cancellationToken: Token);
            root = Build(address, file);
            Assert.Equal("1", root["a"]);
        }

        // Killed: the values stay, and are in the file for the next start.
        Assert.Equal("1", root["a"]);
        var next = Build(address, file);
        Assert.Equal("1", next["a"]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        await using (var second = await StartAsync(address, data))
        {
            using var client = new KvStoreClient(address);
            await client.PutAsync("config/a", "2", cancellationToken: Token);
            await Soon.UntilAsync(() => root["a"] == "2" && next["a"] == "2");
        }

        (root as IDisposable)?.Dispose();
        (next as IDisposable)?.Dispose();
    }

    [Fact]
    public void LastKnownFile_Damaged_IsNoValue()
    {
        using var directory = new TemporaryDirectory();
        var place = Directory.CreateDirectory(directory.New()).FullName;
        var file = Path.Combine(place, "known.json");
        File.WriteAllText(file, "{");
        Assert.Throws<InvalidOperationException>(() => Build(new Uri("http://127.0.0.1:1"), file));
    }

    private static IConfigurationRoot Build(Uri address, string? file, bool isOptional = false) => new ConfigurationBuilder().AddKvStore(source =>
    {
        (source.Address, source.Prefix, source.LastKnownFile, source.IsOptional) = (address, "config/", file, isOptional);
        (source.StartTimeout, source.ReconnectDelayMax) = (address.Port == 1 || !IsListening(address) ? TimeSpan.FromSeconds(1) : Soon.Patience, TimeSpan.FromMilliseconds(200));
    }).Build();

    private static bool IsListening(Uri address)
    {
        try
        {
            using var socket = new TcpClient(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Task<ServerProcess> StartAsync(Uri address, string[] arguments) =>
        ServerProcess.Launch(["--urls", address.ToString(), .. arguments]).WhenReadyAsync();

    private static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }
}
