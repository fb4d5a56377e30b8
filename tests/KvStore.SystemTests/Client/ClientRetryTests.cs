using System.Net;
using KvStore.Client;

namespace KvStore.SystemTests;

/// <summary>The client for .NET with unknown outcomes, and without a service.</summary>
public sealed class ClientRetryTests
{
    private static readonly Uri AnyAddress = new("http://kvstore.invalid");
    private static readonly KvStoreClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetryDelayMax = TimeSpan.FromMilliseconds(20) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_UnknownOutcome_IsRetriedAndAppliedOnce()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        using var connection = new UnreliableConnection { Target = server.Address };
        using var http = new HttpClient(connection);
        using var client = new KvStoreClient(http, AnyAddress, Quick);
        for (var i = 1; i <= 20; i++)
        {
            connection.LoseAnswers(i % 4);
            Assert.Equal(i, await client.IncrementAsync("count", cancellationToken: Token));
        }

        connection.LoseAnswers(2);
        var created = await client.PutAsync("new", "x", new KvWriteOptions { IfAbsent = true }, Token);
        Assert.True(created.Created);
    }

    [Fact]
    public async Task Write_NoIdempotencyKey_IsNotRetried()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        using var connection = new UnreliableConnection { Target = server.Address };
        using var http = new HttpClient(connection);
        using var client = new KvStoreClient(http, AnyAddress, Quick with { MakesWritesIdempotent = false });
        connection.LoseAnswers(1);
        var unknown = await Assert.ThrowsAsync<KvStoreException>(() => client.IncrementAsync("count", cancellationToken: Token));
        Assert.Equal((1, KvOutcome.Unknown), (connection.Sent, unknown.Outcome));

        connection.LoseAnswers(2);
        Assert.Equal("1", (await client.GetAsync("count", cancellationToken: Token))!.Text);
    }

    [Fact]
    public async Task Request_Unanswered_FailsAfterRetries()
    {
        using var connection = new UnreliableConnection();
        using var http = new HttpClient(connection);
        using var client = new KvStoreClient(http, AnyAddress, Quick with { RetriesMax = 3 });
        await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Token));
    }

    [Fact]
    public async Task Request_Rejected_IsNotRetried()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        using var connection = new UnreliableConnection { Target = server.Address };
        using var http = new HttpClient(connection);
        using var client = new KvStoreClient(http, AnyAddress, Quick);
        var refused = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync(new string('k', 2000), "x", cancellationToken: Token));
        Assert.Equal((HttpStatusCode.BadRequest, "malformed-key", 1), (refused.StatusCode!.Value, refused.Problem, connection.Sent));
    }

    // The watch begins with the present entries, and lives through kills and restarts of the service.
    [Fact]
    public async Task Watch_ServerRestarts_GetsEachChangeOnceInOrder()
    {
        using var data = new DataDirectory();
        using var connection = new UnreliableConnection();
        using var http = new HttpClient(connection) { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, AnyAddress, Quick with { RetriesMax = 1000 });
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<List<KvWatchEvent>>? watching = null;
        for (var round = 0; round < 3; round++)
        {
            await using var server = await data.StartAsync();
            connection.Target = server.Address;
            watching ??= WatchAsync(client, "30", enough.Token);
            for (var i = 1; i <= 10; i++)
                await client.PutAsync("w/key", $"{(round * 10) + i}", cancellationToken: Token);
            connection.Target = null;
        }

        await using (var last = await data.StartAsync())
        {
            connection.Target = last.Address;
            var events = await watching!.WaitAsync(TimeSpan.FromSeconds(60), Token);
            Assert.IsType<KvWatchEvent.Reset>(events[0]);
            Assert.Single(events.OfType<KvWatchEvent.Reset>());
            var present = events.OfType<KvWatchEvent.Entry>().Select(entry => entry.Value.Text);
            var changes = events.OfType<KvWatchEvent.Changed>().SelectMany(changed => changed.Changes).Select(change => change.Entry!.Text);
            var seen = present.Concat(changes).Select(int.Parse).ToList();
            Assert.Equal(Enumerable.Range(seen[0], 31 - seen[0]), seen);
        }
    }

    private static async Task<List<KvWatchEvent>> WatchAsync(KvStoreClient client, string last, CancellationToken cancellationToken)
    {
        var events = new List<KvWatchEvent>();
        await foreach (var one in client.WatchPrefixAsync("w/", new KvWatchOptions { IsInitial = true }, cancellationToken))
        {
            events.Add(one);
            if (one is KvWatchEvent.Changed changed && changed.Changes.Any(change => change.Entry?.Text == last))
                break;
        }

        return events;
    }
}
