namespace KvStore.Tests;

/// <summary>A log whose commits lie elsewhere: it may deliver late or never, lose sight of its place, and fail after it has loaded.</summary>
public sealed class RemoteLogTests : IAsyncDisposable
{
    private static readonly StoreOptions Bounds = new() { ReadWaitMax = TimeSpan.FromSeconds(3), DeliveryWaitMax = TimeSpan.FromSeconds(7) };

    private readonly ObservedTime _time = new();
    private readonly FakeCommitLog _log = new();
    private Store? _store;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        // A test that fails while the log waits must not wait for it in the end.
        if (_store is { } store)
        {
            await store.StopAsync(new CancellationToken(canceled: true));
            await store.DisposeAsync();
        }

        await _log.DisposeAsync();
    }

    [Fact]
    public async Task Read_BarrierUnreachable_HasNoSnapshotAtOnce()
    {
        var store = await StartAsync();
        _log.Barrier = _ => Task.FromResult<long?>(null);
        Assert.Null(await store.ReadAsync(Token).AsTask().Within());
        _log.Barrier = Task.FromResult;
        Assert.Same(store.Latest, await store.ReadAsync(Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_BarrierIsNotReached_EndsAtItsBound(bool isKnown)
    {
        var store = await StartAsync();
        var barrier = new TaskCompletionSource<long?>();
        if (isKnown)
            barrier.SetResult(store.Latest.Revision + 1);
        _log.Barrier = _ => barrier.Task;
        var timers = _time.Timers;

        var reading = store.ReadAsync(Token).AsTask();
        await Soon.UntilAsync(() => _time.Timers > timers);
        _time.Advance(Bounds.ReadWaitMax - TimeSpan.FromMilliseconds(1));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await reading.Within());
        Assert.Equal(timers, _time.Timers);
    }

    [Fact]
    public async Task Read_BarrierIsReachedLate_HasThatState()
    {
        var store = await StartAsync();
        _log.Barrier = revision => Task.FromResult(revision + 1);
        var reading = store.ReadAsync(Token).AsTask();
        Assert.False(reading.IsCompleted);
        var written = await store.CommitAsync(Some.Put("k"));
        Assert.Equal(written.Revision, (await reading.Within())!.Revision);
    }

    [Fact]
    public async Task Read_Cancelled_IsCancelled()
    {
        var store = await StartAsync();
        _log.Barrier = _ => new TaskCompletionSource<long?>().Task;
        using var client = new CancellationTokenSource();
        var reading = store.ReadAsync(client.Token).AsTask();
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within());
    }

    [Fact]
    public async Task Submit_CommitIsNeverDelivered_IsUnknownAfterItsBound()
    {
        var store = await StartAsync();
        var delivered = store.Latest.Revision;
        var gate = new Gate();
        _log.CommittingInstead = async (batch, _) =>
        {
            await gate.PassAsync();
            return [.. batch.Select(Outcome (_, i) => i == 0 ? new Outcome.GuardsFailed(delivered, []) : Committed(delivered + i))];
        };
        var alone = SubmitBatch(store, 1);
        await gate.Reached;
        var together = SubmitBatch(store, 3);
        var timers = _time.Timers;
        gate.Open();

        Assert.IsType<Outcome.GuardsFailed>(await alone[0].Within());
        await Soon.UntilAsync(() => _time.Timers > timers);
        _time.Advance(Bounds.DeliveryWaitMax - TimeSpan.FromMilliseconds(1));
        Assert.All(together, one => Assert.False(one.IsCompleted));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var outcomes = await Task.WhenAll(together).Within();
        Assert.IsType<Outcome.GuardsFailed>(outcomes[0]);
        Assert.All(outcomes[1..], outcome => Assert.IsType<Outcome.Unknown>(outcome));

        // Nothing is lost for those who come afterwards.
        _log.CommittingInstead = null;
        await store.CommitAsync(Some.Put("later"));
        Assert.Equal(StoreState.Running, store.State);
    }

    [Fact]
    public async Task Stop_LogWaitsForItsPlace_IsHurried()
    {
        var store = await StartAsync();
        _log.CommittingInstead = async (batch, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return [.. batch.Select(_ => Outcome.Unknown.Instance)];
        };
        var pending = SubmitBatch(store, 20);
        using var patience = new CancellationTokenSource();

        var stopping = store.StopAsync(patience.Token);
        Assert.All(pending, one => Assert.False(one.IsCompleted));
        await patience.CancelAsync();
        await stopping.Within();
        await store.StopAsync();
        Assert.Equal(StoreState.Stopped, store.State);
        Assert.All(await Task.WhenAll(pending).Within(), outcome => Assert.IsType<Outcome.Unknown>(outcome));
    }

    [Fact]
    public async Task Log_FailsWhileIdle_StoreFailsWithItsReason()
    {
        var store = await StartAsync();
        _log.Ending.SetException(new NotSupportedException("The format is not known."));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => store.Completion.Within());
        Assert.IsType<NotSupportedException>(failure.InnerException);
        Assert.Contains("The format is not known.", failure.Message, StringComparison.Ordinal);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within(), NotAppliedReason.Failed);
    }

    [Fact]
    public async Task Log_FailsBeforeDelivery_WaitsNoLonger()
    {
        var store = await StartAsync();
        var next = store.Latest.Revision + 1;
        _log.CommittingInstead = (batch, _) => Task.FromResult(batch.Select(Outcome (_, i) => Committed(next + i)).ToArray());
        var pending = SubmitBatch(store, 1);
        await Soon.UntilAsync(() => store.QueuedOperations == 0);
        _log.Ending.SetException(new NotSupportedException());

        Assert.IsType<Outcome.Unknown>(await pending[0].Within());
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Completion.Within());
    }

    [Fact]
    public async Task Submit_LoadingAndUnreachable_IsUnreachable()
    {
        _log.Following = cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken);
        var store = _store = new Store(_log, Bounds, _time);
        store.Start();
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))), NotAppliedReason.Loading);
        _log.Connection = new CommitLogConnection(TimeSpan.FromSeconds(1), _time.GetUtcNow(), null);
        Stores.IsNotApplied(await store.SubmitAsync(Some.Transaction(Some.Put("k"))), NotAppliedReason.Unreachable);
    }

    private async Task<Store> StartAsync() => _store = await Stores.StartAsync(_log, Bounds with { QueueWaitMax = Soon.Patience }, _time);

    private static Task<Outcome>[] SubmitBatch(Store store, int count) =>
        [.. Enumerable.Range(0, count).Select(i => store.SubmitAsync(Some.Transaction(Some.Put($"k{i}"))))];

    private static Outcome.Committed Committed(long revision) => new(revision, null, default(OperationResult));
}
