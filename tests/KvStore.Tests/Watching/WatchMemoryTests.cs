using System.Runtime.CompilerServices;

namespace KvStore.Tests;

/// <summary>What watching keeps in memory, and releases.</summary>
public sealed class WatchMemoryTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    [Fact]
    public async Task Notify_WatcherNeverReads_KeepsNothingForgotten()
    {
        const int Commits = 2_000;
        var options = new StoreOptions { HistoryCommitsMax = 3 };
        var time = new FakeTimeProvider();
        var publisher = new SnapshotPublisher(options, time);
        publisher.Load(0, []);
        using var hub = new WatchHub(publisher, options, time, exception => Assert.Fail($"{exception}"));
        using var never = hub.TryAdd(EveryKey, 0)!;
        var values = new List<WeakReference>();
        for (var revision = 1; revision <= Commits; revision++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            values.Add(Commit(publisher, revision));
            await Soon.UntilAsync(() => hub.NotifiedThrough == revision);
        }

        // The history forgets by chunks.
        await CollectAsync(values, leftMax: HistoryChunk.CommitsMax + 10);
        GC.KeepAlive(never);
    }

    [Fact]
    public async Task Dispose_AllBeforeTheirWakeSlots_KeepsNothing()
    {
        const int Watchers = 350;
        var time = new ObservedTime();
        var publisher = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        publisher.Load(0, []);
        using var hub = new WatchHub(publisher, new StoreOptions(), time, exception => Assert.Fail($"{exception}"));
        var left = await NotifyAndDisposeAsync();

        // The hub notices at its next scan.
        time.Advance(TimeSpan.FromSeconds(1));
        await CollectAsync(left, leftMax: 0);
        Assert.Equal(0, hub.Count);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<List<WeakReference>> NotifyAndDisposeAsync()
        {
            var watchers = Enumerable.Range(0, Watchers)
                .Select(i => hub.TryAdd(i % 2 == 0 ? WatchFilter.OfKey(Some.Key($"k{i}")) : WatchFilter.OfPrefix(Some.Bytes($"k{i}")), 0)!).ToArray();
            publisher.Apply([new Commit(1, [.. Enumerable.Range(0, Watchers).Select(i => new EntryChange(null, NewEntry($"k{i}", 1)))])]);
            await Soon.UntilAsync(() => time.Timers == 1);
            List<WeakReference> references = [.. watchers.Select(watcher => new WeakReference(watcher)), .. watchers.Select(watcher => new WeakReference(watcher.Group))];
            foreach (var watcher in watchers)
                watcher.Dispose();
            return references;
        }
    }

    // Another watcher stays, so the hub keeps scanning.
    [Fact]
    public async Task Dispose_WholeGroup_NextCommitsReleaseItsBatches()
    {
        var time = new FakeTimeProvider();
        var publisher = new SnapshotPublisher(new StoreOptions(), time);
        publisher.Load(0, []);
        using var hub = new WatchHub(publisher, new StoreOptions(), time, exception => Assert.Fail($"{exception}"));
        using var stays = hub.TryAdd(WatchFilter.OfKey(Some.Key("other")), 0)!;
        var left = await NotifyAndDisposeAsync();
        for (var revision = 2; revision <= 4; revision++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            publisher.Apply([new Commit(revision, new EntryChange(null, NewEntry($"other{revision}", revision)))]);
            await Soon.UntilAsync(() => hub.NotifiedThrough == revision);
        }

        await CollectAsync(left, leftMax: 0);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<List<WeakReference>> NotifyAndDisposeAsync()
        {
            using var watcher = hub.TryAdd(WatchFilter.OfKey(Some.Key("k1")), 0)!;
            Commit(publisher, 1);
            await Soon.UntilAsync(() => watcher.Read() == WatchState.Changed);
            return [new WeakReference(watcher), new WeakReference(watcher.Group)];
        }
    }

    [Fact]
    public async Task Dispose_LastWatcher_ReleasesTheHistory()
    {
        var options = new StoreOptions { HistoryBytesMax = 0 };
        var publisher = new SnapshotPublisher(options, TimeProvider.System);
        publisher.Load(0, []);
        using var hub = new WatchHub(publisher, options, TimeProvider.System, exception => Assert.Fail($"{exception}"));
        hub.TryAdd(EveryKey, 0)!.Dispose();
        var revision = 0L;
        await Soon.UntilAsync(() =>
        {
            Commit(publisher, ++revision);
            return revision > 2 && publisher.OldestRevision == revision;
        });
    }

    [Fact]
    public void Stop_WithWatchers_ReleasesTheHistory()
    {
        var options = new StoreOptions { HistoryBytesMax = 0 };
        var publisher = new SnapshotPublisher(options, TimeProvider.System);
        publisher.Load(0, []);
        using var hub = new WatchHub(publisher, options, TimeProvider.System, exception => Assert.Fail($"{exception}"));
        using var watcher = hub.TryAdd(EveryKey, 0);
        hub.Stop();
        Commit(publisher, 1);
        Commit(publisher, 2);
        Assert.Equal(2, publisher.OldestRevision);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Commit(SnapshotPublisher publisher, long revision)
    {
        var entry = NewEntry("k1", revision);
        publisher.Apply([new Commit(revision, new EntryChange(publisher.Latest.Find(Some.Key("k1")), entry))]);
        return new WeakReference(entry.Encoded);
    }

    private static Entry NewEntry(string key, long revision) => Entry.Create(Some.Key(key), default, "text/plain", revision, revision, 1, 0);

    private static Task CollectAsync(List<WeakReference> references, int leftMax) => Soon.UntilAsync(() =>
    {
        GC.Collect();
        return references.Count(reference => reference.IsAlive) <= leftMax;
    });
}
