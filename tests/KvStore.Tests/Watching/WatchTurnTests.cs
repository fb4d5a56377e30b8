namespace KvStore.Tests;

/// <summary>In which order watchers have their turns, and how long they wait for them. A turn is 8 ms, in which 100 are woken unless there are more than fit.</summary>
public sealed class WatchTurnTests : IDisposable
{
    private const int InTurn = 100;
    private static readonly TimeSpan TurnTime = TimeSpan.FromMilliseconds(8);
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private readonly ObservedTime _time = new();
    private readonly SnapshotPublisher _publisher = new(new StoreOptions(), TimeProvider.System);
    private WatchHub? _hub;
    private Watcher[] _watchers = [];

    public void Dispose() => _hub?.Dispose();

    // Who has been woken and was told of more comes after those who still wait.
    [Fact]
    public async Task Wake_CommitsComeWhileSomeWait_NobodyHasASecondTurnBeforeAllHadOne()
    {
        Begin(350, TimeSpan.FromSeconds(1));
        Commit(1);
        var had = new HashSet<Watcher>();
        for (var turn = 1; turn <= 3; turn++)
        {
            await TurnAsync();
            var due = Due();
            Assert.Equal(InTurn, due.Count);
            Assert.All(due, watcher => Assert.True(had.Add(watcher), $"Somebody has another turn in turn {turn}."));
            Commit(1 + turn);
            _time.Advance(TurnTime);
        }

        await TurnAsync();
        var last = Due();
        Assert.Equal((InTurn, 50), (last.Count, last.Count(had.Contains)));
        had.UnionWith(last);
        Assert.Equal(_watchers.Length, had.Count);
    }

    [Fact]
    public async Task Wake_MoreThanFitIntoTheLongestWait_NobodyWaitsLonger()
    {
        Begin(1_000, 2 * TurnTime);
        Commit(1);
        await TurnAsync();
        Assert.Equal(500, Due().Count);
        _time.Advance(TurnTime);
        await TurnAsync();
        Assert.Equal(500, Due().Count);
        Assert.All(_watchers, watcher => Assert.Equal(1, watcher.Position));
    }

    // With a clock that stands still nobody would be told of the second.
    [Fact]
    public async Task Wake_NobodyMayWait_AllAreToldAtOnce()
    {
        Begin(350, TimeSpan.Zero);
        for (var revision = 1; revision <= 3; revision++)
        {
            Commit(revision);
            foreach (var watcher in _watchers)
                Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken).AsTask().Within());
        }
    }

    private void Begin(int watchers, TimeSpan restMax)
    {
        _publisher.Load(0, []);
        _hub = new WatchHub(_publisher, new StoreOptions { WatchRestMax = restMax }, _time, exception => Assert.Fail($"{exception}"));
        _watchers = [.. Enumerable.Range(0, watchers).Select(_ => _hub.TryAdd(EveryKey, 0)!)];
    }

    private void Commit(long revision) =>
        _publisher.Apply([new Commit(revision, new EntryChange(null, Entry.Create(Some.Key($"k{revision}"), default, "text/plain", revision, revision, 1, 0)))]);

    // The hub rests after each turn, with a timer.
    private Task TurnAsync() => Soon.UntilAsync(() => _time.Timers == 1);

    // Each reads all that there is for it.
    private List<Watcher> Due() => [.. _watchers.Where(watcher => ReadAll(watcher) > 0)];

    private static int ReadAll(Watcher watcher)
    {
        var reads = 0;
        while (watcher.Read() == WatchState.Changed)
            reads++;
        return reads;
    }
}
