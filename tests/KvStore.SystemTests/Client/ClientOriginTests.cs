using KvStore.Client;

namespace KvStore.SystemTests;

/// <summary>The client for .NET against a service whose origin is another one.</summary>
public sealed class ClientOriginTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Origin_FromTheFirstReadOn_IsSeenByTheClient()
    {
        await using var vendor = await ServerProcess.StartAsync(("Engine", "memory"));
        await using var cache = await ServerProcess.StartAsync(
            ("Engine", "memory"), ("Origins:acme:Prefix", "rates/"), ("Origins:acme:Http:Url", $"{vendor.Address.GetLeftPart(UriPartial.Authority)}/v1/kv/{{key}}"));
        using var writer = new KvStoreClient(vendor.Address);
        using var client = new KvStoreClient(cache.Address);
        await writer.PutAsync("a", "old", cancellationToken: Token);

        // The vendor is a KvStore, whose entries have to be validated each time.
        Assert.Equal(("old", "uri-miss", 200, true), await ReadAsync(null));
        Assert.Equal(("old", "stale", 304, true), await ReadAsync(null));
        await writer.PutAsync("a", "new", cancellationToken: Token);
        Assert.True((await client.InvalidateAsync("acme", ["rates/a"], Token)).Number > 0);
        Assert.Equal(("new", "stale", 200, true), await ReadAsync(new KvFreshness { NoCache = true }));
        Assert.Equal("not-cached", (await Assert.ThrowsAsync<KvOriginException>(() => ReadAsync(new KvFreshness { OnlyIfCached = true, MaxAge = TimeSpan.Zero }))).Problem);

        Assert.True((await client.InvalidatePrefixAsync("acme", "rates/", Token)).Number > 0);
        var batch = await client.GetManyAsync(["rates/a", "rates/absent"], TimeSpan.FromSeconds(5), cancellationToken: Token);
        Assert.Equal(("new", "rates/absent"), (batch.Entries["rates/a"].Text, Assert.Single(batch.Rest.Missing)));
        var parts = await client.StreamManyAsync(["rates/a", "rates/b"], TimeSpan.FromSeconds(5), cancellationToken: Token).ToListAsync(Token);
        Assert.Equal("new", Assert.IsType<KvBatchPart.Entry>(parts[0]).Value.Text);
        Assert.Equal(["rates/b"], Assert.IsType<KvBatchPart.Ended>(parts[^1]).Rest.Missing);
        Assert.Equal(new KvLoadsBegun(1, 0), await client.LoadAsync("acme", ["rates/a"], Token));
        Assert.Equal("origin-refuses-writes", (await Assert.ThrowsAsync<KvOriginException>(() => client.PutAsync("rates/a", "mine", cancellationToken: Token))).Problem);

        async Task<(string, string?, int?, bool)> ReadAsync(KvFreshness? freshness) =>
            await client.GetAsync("rates/a", new KvReadOptions { Freshness = freshness }, Token) is { Cache: { } status } entry ? (entry.Text, status.Forward, status.ForwardStatus, status.IsStored) : default;
    }
}
