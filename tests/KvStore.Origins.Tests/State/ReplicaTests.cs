namespace KvStore.Origins.Tests;

/// <summary>Replicas of one store that load the same keys, each by itself: the guards of a load are evaluated in the one order of all commits.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private static readonly Key K = Some.Key("rates/k");

    private readonly MemoryPlace _place = new();
    private readonly OriginState _origin = new(OriginWorld.Options(), TimeSpan.FromSeconds(5), TimeProvider.System);
    private Store _one = null!;
    private Store _other = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_one, _other) = (await StartAsync(), await StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task Load_OnTwoReplicasAtOnce_OneIsStored()
    {
        for (var round = 0; round < 20; round++)
        {
            var tickets = (_origin.Begin(_one.Latest, K), _origin.Begin(_other.Latest, K));
            var commits = await Task.WhenAll(
                _origin.CommitAsync(_one, tickets.Item1, OriginWorld.Found($"one {round}")), _origin.CommitAsync(_other, tickets.Item2, OriginWorld.Found($"other {round}"))).Within();
            Assert.Equal([LoadCommit.Stored, LoadCommit.Raced], commits.Order());
            var stored = commits[0] == LoadCommit.Stored ? $"one {round}" : $"other {round}";
            Assert.Equal((stored, stored), (await TextAsync(_one), await TextAsync(_other)));
        }
    }

    [Fact]
    public async Task Change_OnAnotherReplica_VoidsTheLoad()
    {
        Func<Transaction>[] changes =
        [
            () => Some.Transaction(Some.Put("rates/k", "written")),
            () => Some.Transaction(Some.Delete("rates/k")),
            () => _origin.Invalidate([K]),
            () => _origin.InvalidatePrefix(_other.Latest, "rates/"u8),
        ];
        foreach (var change in changes)
        {
            var ticket = _origin.Begin(_one.Latest, K);
            Assert.IsType<Outcome.Committed>(await _other.SubmitAsync(change()).Within());
            Assert.Equal(LoadCommit.Raced, await _origin.CommitAsync(_one, ticket, OriginWorld.Found("old")).Within());
            Assert.NotEqual("old", await TextAsync(_one));
        }
    }

    private async Task<Store> StartAsync()
    {
        var store = new Store(_place.Open(), new StoreOptions { QueueWaitMax = Soon.Patience }, TimeProvider.System, interceptor: new OriginInterceptor(new OriginTable([_origin])));
        store.Start();
        await store.Loaded.Within();
        return store;
    }

    private static async Task<string> TextAsync(Store store) => (await store.ReadAsync(Token).AsTask().Within())!.Text("rates/k");
}
