namespace KvStore.Client.Tests;

/// <summary>Clients for tests.</summary>
internal static class Clients
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Retries without a delay.</summary>
    public static KvStoreClientOptions Quick => new() { RetryDelay = TimeSpan.Zero };

    public static KvStoreClient ClientOf(ScriptedServer server, KvStoreClientOptions? options = null) => new(server.Address, options ?? Quick);
}
