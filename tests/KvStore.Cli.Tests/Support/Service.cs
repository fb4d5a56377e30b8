using KvStore.Cli.Tests;

[assembly: AssemblyFixture(typeof(Service))]

namespace KvStore.Cli.Tests;

/// <summary>One service as a process, for all tests that do not stop it. Each test has a prefix of its own.</summary>
public sealed class Service : IAsyncLifetime
{
    private static int _prefixes;

    private ServerProcess _process = null!;

    public string Address => _process.Address.GetLeftPart(UriPartial.Authority);

    public KvStoreClient Client { get; private set; } = null!;

    public static string NewPrefix() => string.Create(CultureInfo.InvariantCulture, $"test-{Interlocked.Increment(ref _prefixes)}/");

    /// <summary>The program with its usual environment: this service, and a home directory without profiles.</summary>
    internal Task<Run> KvAsync(params string[] arguments) => new Kv { Url = Address }.RunAsync(arguments);

    /// <summary>The same with standard input.</summary>
    internal Task<Run> KvAsync(byte[] input, params string[] arguments) => new Kv { Url = Address, Input = input }.RunAsync(arguments);

    /// <summary>The same on a terminal.</summary>
    internal Task<Run> KvOnTerminalAsync(params string[] arguments) => new Kv { Url = Address }.RunOnTerminalAsync(arguments);

    public async ValueTask InitializeAsync()
    {
        _process = await ServerProcess.StartAsync(("Engine", "memory"));
        Client = new KvStoreClient(_process.Address);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        Scratch.Delete();
    }
}
