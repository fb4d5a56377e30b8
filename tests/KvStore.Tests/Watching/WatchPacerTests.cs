namespace KvStore.Tests;

/// <summary>The order of wake slots, and the wait for them. An interval is 8 ms and has 100 slots, unless that would make watchers wait too long.</summary>
public sealed class WatchPacerTests : IDisposable
{
    private const int Slots = 100;
    private static readonly TimeSpan IntervalTime = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan RetentionTime = TimeSpan.FromMilliseconds(20);
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private readonly ObservedTime _time = new();
    private readonly SnapshotPublisher _publisher = new(new StoreOptions(), TimeProvider.System);
    private WatchHub? _hub;
    private Watcher[] _watchers = [];

    public void Dispose() => _hub?.Dispose();

    [Fact]
    public async Task Wake_CommitsDuringWait_NoSecondSlotBeforeAllHadOne()
    {
        Begin(350, TimeSpan.FromSeconds(1));
        Commit(1);
        var had = new HashSet<Watcher>();
        for (var interval = 1; interval <= 3; interval++)
        {
            await RestAsync();
            var due = Due();
            Assert.Equal(Slots, due.Count);
            Assert.All(due, watcher => Assert.True(had.Add(watcher), $"A second slot in interval {interval}."));
            Commit(1 + interval);
            _time.Advance(IntervalTime);
        }

        await RestAsync();
        var last = Due();
        Assert.Equal((Slots, 50), (last.Count, last.Count(had.Contains)));
        had.UnionWith(last);
        Assert.Equal(_watchers.Length, had.Count);
    }

    [Fact]
    public async Task Wake_MoreThanSlotsInRestMax_NoneWaitsLonger()
    {
        Begin(1_000, 2 * IntervalTime);
        Commit(1);
        await RestAsync();
        Assert.Equal(500, Due().Count);
        _time.Advance(IntervalTime);
        await RestAsync();
        Assert.Equal(500, Due().Count);
        Assert.All(_watchers, watcher => Assert.Equal(1, watcher.Position));
    }

    // The clock stands still, so a rest would never end.
    [Fact]
    public async Task Wake_RestMaxIsZero_AllAtOnce()
    {
        Begin(350, TimeSpan.Zero);
        for (var revision = 1; revision <= 3; revision++)
        {
            Commit(revision);
            foreach (var watcher in _watchers)
                Assert.Equal(WatchState.Changed, await watcher.ReadAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken).AsTask().Within());
        }
    }

    [Fact]
    public void NextRelease_TooRecent_IsNull()
    {
        var pacer = new WatchPacer(TimeSpan.FromSeconds(1), _time);
        Release(pacer, notifiedThrough: 5);
        _time.Advance(RetentionTime - TimeSpan.FromMilliseconds(1));
        Assert.Null(pacer.NextRelease(7));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(5, pacer.NextRelease(9));
    }

    [Fact]
    public void NextRelease_WatcherWaits_RetainsItsBatches()
    {
        Begin(1, TimeSpan.FromSeconds(1));
        var pacer = new WatchPacer(TimeSpan.FromSeconds(1), _time);
        pacer.Notify(_watchers[0], 3);
        Release(pacer, notifiedThrough: 10);
        Assert.Equal(2, Release(pacer, notifiedThrough: 11));
        pacer.WakeNext(1);
        Assert.Equal(2, Release(pacer, notifiedThrough: 12));
        Assert.Equal(12, Release(pacer, notifiedThrough: 13));
    }

    private long? Release(WatchPacer pacer, long notifiedThrough)
    {
        _time.Advance(RetentionTime);
        return pacer.NextRelease(notifiedThrough);
    }

    private void Begin(int watchers, TimeSpan restMax)
    {
        _publisher.Load(0, []);
        _hub = new WatchHub(_publisher, new StoreOptions { WatchRestMax = restMax }, _time, exception => Assert.Fail($"{exception}"));
        _watchers = [.. Enumerable.Range(0, watchers).Select(_ => _hub.TryAdd(EveryKey, 0)!)];
    }

    private void Commit(long revision) =>
        _publisher.Apply([new Commit(revision, new EntryChange(null, Entry.Create(Some.Key($"k{revision}"), default, "text/plain", revision, revision, 1, 0)))]);

    // The hub rests after each interval, with a timer.
    private Task RestAsync() => Soon.UntilAsync(() => _time.Timers == 1);

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
