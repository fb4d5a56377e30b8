using System.Globalization;
using KvStore.Extensions.Tests;

[assembly: AssemblyFixture(typeof(Service))]

namespace KvStore.Extensions.Tests;

/// <summary>One service as a process, for all tests that neither stop it nor look at what others store.</summary>
public sealed class Service : IAsyncLifetime
{
    private static int _prefixes;

    private ServerProcess _process = null!;

    public Uri Address => _process.Address;

    public KvStoreClient Client { get; private set; } = null!;

    /// <summary>A prefix that no other test uses.</summary>
    public static string NewPrefix() => string.Create(CultureInfo.InvariantCulture, $"test-{Interlocked.Increment(ref _prefixes)}/");

    public async ValueTask InitializeAsync()
    {
        _process = await ServerProcess.StartAsync(("Engine", "memory"));
        Client = new KvStoreClient(_process.Address);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }
}
