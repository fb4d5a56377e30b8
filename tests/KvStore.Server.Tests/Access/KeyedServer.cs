using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>A service that knows the keys of some callers.</summary>
internal sealed class KeyedServer : IAsyncDisposable
{
    private KeyedServer(KvServer server) => Server = server;

    public KvServer Server { get; }

    public KvClient Client => Server.Client;

    public static async Task<KeyedServer> StartAsync(IEnumerable<MatrixCaller> callers, KvServerOptions options)
    {
        options.Settings["Keys"] = TestKeys.WriteFile(callers.Where(caller => caller.IsKnown).Select(caller => caller.ToEntry()));
        return new KeyedServer(await KvServer.StartAsync(options));
    }

    public static Task<KeyedServer> StartAsync(IEnumerable<MatrixCaller> callers, params (string Name, string Value)[] settings)
    {
        var options = new KvServerOptions();
        foreach (var (name, value) in settings)
            options.Settings[name] = value;
        return StartAsync(callers, options);
    }

    /// <summary>Revokes the key of a caller, as its removal from the file does.</summary>
    public void Revoke(MatrixCaller caller) => Server.Services.GetRequiredService<KeyRing>().Verify(caller.Token)!.Revoke();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
