using System.Net;

namespace KvStore.Cli.Tests;

/// <summary>Where the address and the key come from.</summary>
public sealed class ProfileTests : IAsyncLifetime
{
    private readonly string _home = Scratch.New();
    private readonly List<string> _seen = [];
    private readonly HttpListener _listener = new();
    private readonly int _port = FreePort();
    private Task _answering = Task.CompletedTask;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Profiles_AddUseAndRemove_AreInAFileOfTheUserAlone()
    {
        await KvAsync([("KVSTORE_KEY", "kv_one")], "profile", "add", "one", "http://one.test");
        await KvAsync([], "profile", "add", "two", "http://two.test");
        await KvAsync([], "profile", "use", "two");
        var file = Path.Combine(_home, "kvstore", "profiles.json");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
        var listed = await KvAsync([], "profile", "list");
        Assert.Equal("{\"name\":\"one\",\"url\":\"http://one.test\",\"has_key\":true,\"current\":false}\n{\"name\":\"two\",\"url\":\"http://two.test\",\"has_key\":false,\"current\":true}\n", listed.Out);
        Assert.DoesNotContain("kv_one", listed.Out, StringComparison.Ordinal);

        await KvAsync([], "profile", "remove", "two");
        Assert.DoesNotContain("two", await File.ReadAllTextAsync(file, Cancellation), StringComparison.Ordinal);

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains($"Other users can read {file}", (await KvAsync([], "profile", "list")).Error, StringComparison.Ordinal);
    }

    /// <summary>The most explicit source of an address wins, and a profile's key is sent to the address of that profile only.</summary>
    [Fact]
    public async Task Sources_OfAddressAndKey_HaveAnOrder()
    {
        var here = $"http://127.0.0.1:{_port}";
        await File.WriteAllTextAsync(Path.Combine(_home, "key"), "kv_file\n", Cancellation);
        await KvAsync([("KVSTORE_KEY", "kv_a")], "profile", "add", "a", here + "/a");
        await KvAsync([("KVSTORE_KEY", "kv_b")], "profile", "add", "b", here + "/b");
        (string, string)[] everything = [("KVSTORE_URL", here + "/environment"), ("KVSTORE_KEY", "kv_environment"), ("KVSTORE_PROFILE", "b")];

        await KvAsync([], "get", "k");
        await KvAsync([("KVSTORE_PROFILE", "b")], "get", "k");
        await KvAsync(everything, "get", "k");
        await KvAsync([("KVSTORE_URL", here + "/environment")], "get", "k");
        await KvAsync(everything, "--profile", "a", "get", "k");
        await KvAsync(everything, "--url", here + "/option", "get", "k");
        await KvAsync([], "--url", here + "/option", "get", "k");
        await KvAsync(everything, "--profile", "a", "--key-file", Path.Combine(_home, "key"), "get", "k");

        Assert.Equal(
            ["/a/v1/kv/k Bearer kv_a", "/b/v1/kv/k Bearer kv_b", "/environment/v1/kv/k Bearer kv_environment", "/environment/v1/kv/k ", "/a/v1/kv/k Bearer kv_a", "/option/v1/kv/k Bearer kv_environment", "/option/v1/kv/k ", "/a/v1/kv/k Bearer kv_file"],
            _seen);
    }

    public ValueTask InitializeAsync()
    {
        _listener.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _listener.Start();
        _answering = AnswerAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _answering;
        _listener.Close();
    }

    // Notes what was asked for. The answer is none of KvStore, so that nothing is repeated.
    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                _seen.Add($"{context.Request.RawUrl} {context.Request.Headers["Authorization"]}");
                context.Response.StatusCode = 404;
                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<Run> KvAsync((string, string)[] variables, params string[] arguments) => new Kv { ConfigurationHome = _home, Variables = variables }.RunAsync(arguments);
}
