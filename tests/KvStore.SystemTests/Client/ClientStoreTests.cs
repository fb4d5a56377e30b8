using KvStore.Client;

namespace KvStore.SystemTests;

/// <summary>The client for .NET when the store behind the address has been replaced: revisions of the first store mean nothing in the second.</summary>
public sealed class ClientStoreTests : IAsyncLifetime
{
    private static readonly KvStoreClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetryDelayMax = TimeSpan.FromMilliseconds(20) };

    private readonly UnreliableConnection _connection = new();
    private HttpClient _http = null!;
    private KvStoreClient _client = null!;
    private ServerProcess _first = null!;
    private ServerProcess _second = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _first = await ServerProcess.StartAsync(("Engine", "memory"));
        _second = await ServerProcess.StartAsync(("Engine", "memory"));
        _http = new HttpClient(_connection) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new KvStoreClient(_http, new Uri("http://kvstore.invalid"), Quick);
        _connection.Target = _first.Address;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _http.Dispose();
        _connection.Dispose();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task Watch_StoreReplaced_BeginsAgain()
    {
        await _client.PutAsync("key", "first", cancellationToken: Token);
        await using var events = _client.WatchPrefixAsync("", new KvWatchOptions { IsInitial = true }, Token).GetAsyncEnumerator(Token);
        Assert.IsType<KvWatchEvent.Reset>(await NextAsync(events));
        Assert.Equal("first", Assert.IsType<KvWatchEvent.Entry>(await NextAsync(events)).Value.Text);
        var synced = Assert.IsType<KvWatchEvent.Synced>(await NextAsync(events));

        await ReplaceAsync();
        Assert.IsType<KvWatchEvent.Reset>(await NextAsync(events));
        for (var i = 1; i <= 5; i++)
            Assert.Equal($"second {i}", Assert.IsType<KvWatchEvent.Entry>(await NextAsync(events)).Value.Text);
        Assert.IsType<KvWatchEvent.Synced>(await NextAsync(events));

        // The same with a revision that an earlier process has persisted.
        var saved = KvRevision.Parse(synced.Revision.ToString());
        var resumed = await _client.WatchPrefixAsync("", new KvWatchOptions { After = saved, IsInitial = true }, Token).Take(2).ToListAsync(Token);
        Assert.IsType<KvWatchEvent.Reset>(resumed[0]);
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => _client.WatchPrefixAsync("", new KvWatchOptions { After = saved }, Token).FirstAsync(Token).AsTask());
    }

    [Fact]
    public async Task Watch_StoreReplacedWithoutInitial_IsGone()
    {
        var created = await _client.PutAsync("key", "first", cancellationToken: Token);
        await using var events = _client.WatchPrefixAsync("", new KvWatchOptions { After = KvRevision.Parse("0") }, Token).GetAsyncEnumerator(Token);
        Assert.Equal(created.Revision, Assert.IsType<KvWatchEvent.Changed>(await NextAsync(events)).Revision);
        await ReplaceAsync();
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => events.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task Revision_StoreReplaced_IsGone()
    {
        var revision = (await _client.PutAsync("key 1", "first", cancellationToken: Token)).Revision;
        await ReplaceAsync();
        Assert.Equal(revision.Number, (await _client.GetAsync("key 1", cancellationToken: Token))!.Revision.Number);

        await Assert.ThrowsAsync<KvRevisionGoneException>(() => _client.GetAsync("key 1", new KvReadOptions { MinRevision = revision }, Token));
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => _client.GetAsync("key 1", new KvReadOptions { Revision = revision }, Token));
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => _client.TransactAsync(new KvTransaction().IfRevision("key 1", revision).Delete("key 1"), Token));
        var write = await Assert.ThrowsAsync<KvRevisionGoneException>(() => _client.PutAsync("key 1", "lost update", new KvWriteOptions { IfRevision = revision }, Token));
        Assert.Equal(("other-store", KvOutcome.NotApplied), (write.Problem, write.Outcome));
        Assert.Equal("second 1", (await _client.GetAsync("key 1", cancellationToken: Token))!.Text);
    }

    // The second store has as many revisions as the first one had, so numbers alone would look valid.
    private async Task ReplaceAsync()
    {
        _connection.Target = null;
        _first.Send(Signal.Kill);
        await _first.WaitForExitAsync(TimeSpan.FromSeconds(30));
        using (var client = new KvStoreClient(_second.Address))
        {
            for (var i = 1; i <= 5; i++)
                await client.PutAsync($"key {i}", $"second {i}", cancellationToken: Token);
        }

        _connection.Target = _second.Address;
    }

    private static async Task<KvWatchEvent> NextAsync(IAsyncEnumerator<KvWatchEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }
}
