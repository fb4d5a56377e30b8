using System.Text;

namespace KvStore.Server.Tests;

/// <summary>What tests of watching do with a service.</summary>
internal static class WatchServers
{
    public static Uri Address(this KvServer server) => new($"http://{server.EndPoint}");

    /// <summary>Waits until there are as many watchers.</summary>
    public static async Task WatchersAsync(this KvServer server, int count)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (server.Store.Watchers != count)
            await Task.Delay(5, patience.Token);
    }

    /// <summary>Commits changes together.</summary>
    public static async Task<long> CommitAsync(this KvServer server, params Operation[] operations) =>
        Assert.IsType<Outcome.Committed>(await server.Store.SubmitAsync(new Transaction([], [.. operations]))).Revision;

    public static Put Put(string key, string value = "value", string contentType = "text/plain", DateTimeOffset? expiresAt = null) =>
        new(Key.Parse(key), Encoding.UTF8.GetBytes(value), contentType, expiresAt);

    public static Delete Delete(string key) => new(Key.Parse(key));

    /// <summary>The changes of an event: type and key of each.</summary>
    public static IEnumerable<string> Changes(this ServerSentEvent change) =>
        change.Json.GetProperty("changes").EnumerateArray().Select(one => $"{one.GetProperty("type")} {one.GetProperty("key")}");
}
