namespace KvStore.Etcd.Tests;

/// <summary>Replicas over one etcd in memory.</summary>
internal sealed class LiveReplicas(EtcdLogOptions? options = null) : IAsyncDisposable
{
    private readonly List<Store> _stores = [];

    public FakeEtcdServer Server { get; } = new();

    public List<EtcdLogEvent> Events { get; } = [];

    public async Task<LiveReplica> StartAsync(int rank = 0)
    {
        var etcd = new FakeEtcd(Server);
        var log = new EtcdCommitLog(etcd, (options ?? new EtcdLogOptions()) with { ProbeInterval = TimeSpan.FromMilliseconds(20), Rank = () => rank }, TimeProvider.System, happened =>
        {
            lock (Events)
                Events.Add(happened);
        });
        var diverging = new DivergingLog(log);
        var store = await Stores.StartAsync(diverging);
        _stores.Add(store);
        return new LiveReplica(store, log, etcd, diverging);
    }

    public Task HaveAsync(EtcdLogEventKind kind) => Soon.UntilAsync(() => Has(kind));

    public bool Has(EtcdLogEventKind kind) => Count(kind) > 0;

    public int Count(EtcdLogEventKind kind)
    {
        lock (Events)
            return Events.Count(happened => happened.Kind == kind);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
    }
}

internal sealed record LiveReplica(Store Store, EtcdCommitLog Log, FakeEtcd Etcd, DivergingLog Diverging)
{
    public async Task<Snapshot> ReadAsync() => await Store.ReadAsync(TestContext.Current.CancellationToken).AsTask().Within() is { } snapshot ? snapshot : throw new InvalidOperationException("No barrier.");

    /// <summary>Everything of the state that a client can see.</summary>
    public static string[] Describe(Snapshot snapshot) =>
        [$"{snapshot.Revision}", .. snapshot.ScanAll().Select(entry => $"{Convert.ToHexString(entry.KeyUtf8)} {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ModifiedAtMilliseconds} {entry.ExpiresAtMilliseconds} {entry.ContentType} {Convert.ToHexString(entry.Value.Span)}")];
}
