namespace KvStore.Tests;

/// <summary>Commits that are taken during a wait.</summary>
public sealed class WatchReceiverTests : IDisposable
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly ObservedTime _time = new();
    private readonly SnapshotPublisher _publisher = new(new StoreOptions(), TimeProvider.System);
    private readonly WatchHub _hub;
    private readonly Watcher _watcher;
    private readonly Receiver _receiver = new();

    public WatchReceiverTests()
    {
        _publisher.Load(0, []);
        _hub = new WatchHub(_publisher, new StoreOptions(), _time, exception => Assert.Fail($"{exception}"));
        _watcher = _hub.TryAdd(EveryKey, 0)!;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _watcher.Dispose();
        _hub.Dispose();
    }

    [Fact]
    public async Task ReadAsync_Taken_WaitContinuesUntilSomethingIsNot()
    {
        var reading = ReadAsync(Token);
        for (var revision = 1; revision <= 50; revision++)
            await CommitAndTakeAsync(revision);
        Assert.False(reading.IsCompleted);

        _receiver.Takes = false;
        Commit(51);
        Assert.Equal(WatchState.Changed, await reading.Within());
        Assert.Equal(51, Assert.Single(_watcher.Commits).Revision);
        Assert.Equal(Enumerable.Range(1, 50), _receiver.Revisions);

        // The next wait.
        _receiver.Takes = true;
        reading = ReadAsync(Token);
        await CommitAndTakeAsync(52);
        Assert.False(reading.IsCompleted);
        _hub.Stop();
        Assert.Equal(WatchState.Stopped, await reading.Within());
    }

    [Fact]
    public async Task ReadAsync_Timeout_IsSinceWhatWasTaken()
    {
        var reading = ReadAsync(Token);
        await Soon.UntilAsync(() => _time.Timers == 1);
        _time.Advance(Silence / 2);
        await CommitAndTakeAsync(1);
        _time.Advance(Silence / 2);

        // For the rest of the time.
        await Soon.UntilAsync(() => _time.Timers == 1 || reading.IsCompleted);
        Assert.False(reading.IsCompleted);
        await CommitAndTakeAsync(2);
        await Soon.UntilAsync(() =>
        {
            _time.Advance(Silence);
            return reading.IsCompleted;
        });
        Assert.Equal(WatchState.Silent, await reading.Within());
        Assert.Equal([1, 2], _receiver.Revisions);

        // Nothing has the wait any longer.
        Commit(3);
        Assert.Equal(WatchState.Changed, await _watcher.ReadAsync(Silence, Token).AsTask().Within());
        Assert.Equal([1, 2], _receiver.Revisions);
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileTaking_EndsAfterIt()
    {
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (isTaking, mayTake) = (new TaskCompletionSource(), new ManualResetEventSlim());
        _receiver.Taking = () =>
        {
            isTaking.SetResult();
            Assert.True(mayTake.Wait(TimeSpan.FromSeconds(30)));
        };
        var reading = ReadAsync(cancelling.Token);
        Commit(1);
        await isTaking.Task.Within();
        await cancelling.CancelAsync();
        Commit(2);
        for (var i = 0; i < 1_000; i++)
            await Task.Yield();
        Assert.False(reading.IsCompleted);

        _receiver.Taking = null;
        mayTake.Set();
        var state = await Record.ExceptionAsync(() => reading.Within());
        Assert.IsAssignableFrom<OperationCanceledException>(state);
        if (_receiver.Revisions.Count == 1)
        {
            Assert.Equal(WatchState.Changed, await _watcher.ReadAsync(Silence, Token).AsTask().Within());
            Assert.Equal(2, Assert.Single(_watcher.Commits).Revision);
        }

        Assert.Equal(1, _receiver.Revisions[0]);
        Commit(3);
        Assert.Equal(WatchState.Changed, await _watcher.ReadAsync(Silence, Token).AsTask().Within());
        Assert.Equal(3, Assert.Single(_watcher.Commits).Revision);
    }

    // It would hold up the watchers after it. These commits have a batch each.
    [Fact]
    public async Task ReadAsync_FarBehind_EndsTheWait()
    {
        const int Commits = 20;
        var reading = ReadAsync(Token);
        _publisher.Apply([.. Enumerable.Range(1, Commits).Select(revision => CommitOf(revision, 40_000))]);
        Assert.Equal(WatchState.Changed, await reading.Within());
        Assert.InRange(_receiver.Revisions.Count, 1, Commits / 2);
        Assert.Equal(_receiver.Revisions.Count + 1, Assert.Single(_watcher.Commits).Revision);
    }

    [Fact]
    public async Task ReadAsync_ReceiverThrows_Throws()
    {
        _receiver.Taking = () => throw new InvalidOperationException("A bug.");
        var reading = ReadAsync(Token);
        Commit(1);
        await Assert.ThrowsAsync<InvalidOperationException>(() => reading.Within());
    }

    // Each run of wake slots has more watchers than one work item serves.
    [Fact]
    public async Task ReadAsync_ManyWatchers_AllTake()
    {
        var receivers = Enumerable.Range(0, 99).Select(_ => new Receiver()).ToArray();
        var watchers = receivers.Select(_ => _hub.TryAdd(EveryKey, 0)!).ToArray();
        var reading = watchers.Zip(receivers, (watcher, receiver) => watcher.ReadAsync(Timeout.InfiniteTimeSpan, receiver, Token).AsTask()).ToArray();
        for (var revision = 1; revision <= 3; revision++)
        {
            Commit(revision);
            await Soon.UntilAsync(() =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(8));
                return receivers.All(receiver => receiver.Count == revision);
            });
        }

        _hub.EndAll();
        Assert.All(await Task.WhenAll(reading).Within(), state => Assert.Equal(WatchState.Gone, state));
    }

    private Task<WatchState> ReadAsync(CancellationToken cancellationToken) => _watcher.ReadAsync(Silence, _receiver, cancellationToken).AsTask();

    private async Task CommitAndTakeAsync(int revision)
    {
        Commit(revision);
        await Soon.UntilAsync(() => _receiver.Count == revision - _receiver.Skipped);
    }

    private void Commit(long revision) => _publisher.Apply([CommitOf(revision, 10)]);

    private static Commit CommitOf(long revision, int valueBytes) =>
        new(revision, new EntryChange(null, Entry.Create(Some.Key($"k{revision}"), new byte[valueBytes], "text/plain", revision, revision, 1, 0)));

    private sealed class Receiver : IWatchReceiver
    {
        private int _count;

        public bool Takes { get; set; } = true;

        public Action? Taking { get; set; }

        public int Count => Volatile.Read(ref _count);

        // Commits that were left to the one who waits.
        public int Skipped { get; private set; }

        public List<int> Revisions { get; } = [];

        public bool TryTake(Watcher watcher)
        {
            Taking?.Invoke();
            if (!Takes)
            {
                Skipped += watcher.Commits.Count;
                return false;
            }

            Revisions.AddRange(watcher.Commits.Select(commit => (int)commit.Revision));
            Volatile.Write(ref _count, Revisions.Count);
            return true;
        }
    }
}
