using System.Threading.Channels;

namespace KvStore.Origins;

/// <summary>
/// Delivers what an origin has yet to get, oldest first: one worker looks for keys, and puts them into a bounded channel for the others, which deliver one key each at a time.
/// </summary>
/// <remarks>
/// The queue is the store itself: the worker that looks reads the marks of the latest state whenever one of them has changed, and takes the oldest that are due. So nothing has to be
/// kept in step with the store, a start needs no other way, and a backlog takes no memory here. Of several replicas the first one delivers; a mistake about which that is does no
/// harm, because a mark is removed by its revision, and the origin gets the revision as a fence.
/// </remarks>
internal sealed class OutboxWorkers : IAsyncDisposable
{
    // Looking takes at most a tenth of a processor, however many keys are dirty and however often they change.
    private const int RestFactor = 9;

    // The most keys that are taken at a time. With a large backlog, looking rests for up to a second, in which so many can be delivered.
    private const int WorkMax = 4096;

    private static readonly TimeSpan RestMin = TimeSpan.FromMilliseconds(1);

    // After which time it is looked again, while keys are dirty, whether another replica still delivers.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly OutboxMarks _marks;
    private readonly Store _store;
    private readonly OriginGate _gate;
    private readonly Deliverer _deliverer;
    private readonly OutboxSchedule _schedule;
    private readonly Channel<Key> _channel;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly Task _working;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Starts the workers, which wait for the store.</summary>
    /// <param name="state">The origin, which has an outbox.</param>
    /// <param name="store">The store.</param>
    /// <param name="caller">Calls the origin.</param>
    /// <param name="gate">Whether the origin is called.</param>
    /// <param name="report">Called with what an operator may want to know, from any thread. It must not throw.</param>
    /// <param name="time">The clock.</param>
    public OutboxWorkers(OriginState state, Store store, WriteCaller caller, OriginGate gate, Action<OriginEvent> report, TimeProvider time)
    {
        (_marks, _store, _gate, _time) = (state.Outbox!, store, gate, time);
        _deliverer = new Deliverer(state, store, caller, gate, report);
        _schedule = new OutboxSchedule(WorkMax, time);
        _channel = Channel.CreateBounded<Key>(new BoundedChannelOptions(WorkMax) { SingleWriter = true });
        store.FollowOutbox(Signal);

        // Otherwise deliveries would belong to the trace of the start of the service.
        using (ExecutionContext.SuppressFlow())
        {
            _working = Task.WhenAll([
                Task.Run(() => LookAsync(report)),
                .. Enumerable.Range(0, state.Options.Workers.Max).Select(_ => Task.Run(DeliverAsync))]);
        }
    }

    /// <summary>Deliveries that the origin accepted, since the start.</summary>
    public long Delivered => _deliverer.Delivered;

    /// <summary>Deliveries that failed, since the start.</summary>
    public long Failed => _deliverer.Failed;

    /// <summary>What the origin has yet to get.</summary>
    public OutboxStatus Status => OutboxStatus.Of(_store.Latest, _marks);

    /// <summary>How long the oldest write has waited that is not parked.</summary>
    public TimeSpan AgeOf(OutboxStatus status) =>
        TimeSpan.FromMilliseconds(Math.Max(0, status.OldestMilliseconds == long.MaxValue ? 0 : _time.GetUtcNow().ToUnixTimeMilliseconds() - status.OldestMilliseconds));

    /// <summary>Begins no delivery any more, and waits for those in progress. The others stay in the store.</summary>
    /// <param name="aborting">Ends those in progress too. They may have reached the origin, and are made again after the next start.</param>
    public async Task StopAsync(CancellationToken aborting)
    {
        await _stopping.CancelAsync();
        await using var registration = aborting.UnsafeRegister(static workers => ((OutboxWorkers)workers!)._aborting.Cancel(), this);
        await _working;
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _stopping.Dispose();
        _aborting.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Signal() => Volatile.Read(ref _changed).TrySetResult();

    private async Task LookAsync(Action<OriginEvent> report)
    {
        try
        {
            await _store.Loaded.WaitAsync(_stopping.Token);
            while (true)
            {
                // The order matters because a change may come while the worker looks. With the two steps reversed:
                //   T1 (this):  reads the latest state
                //   T2 (store): publishes another, completes the old signal
                //   T1:         waits for a new signal, although there is something to do
                var changed = NewSignal();
                Volatile.Write(ref _changed, changed);
                var beganAt = _time.GetTimestamp();
                var wait = TryLook(report);
                if (_time.GetElapsedTime(beganAt) * RestFactor is var rest && rest > RestMin)
                    await Task.Delay(rest < LookInterval ? rest : LookInterval, _time, _stopping.Token);
                await changed.Task.WaitAsync(wait, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _stopping.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The others end too.
        }
    }

    // An exception here, such as that there is no memory, must not end the deliveries for good.
    private TimeSpan TryLook(Action<OriginEvent> report)
    {
        try
        {
            return Look(_store.Latest);
        }
        catch (Exception exception)
        {
            report(new(OriginEventKind.Faulted, "Looking for what has yet to be delivered ended by an exception.", exception));
            return LookInterval;
        }
    }

    // Takes the oldest keys that are due, and returns after which time it must be looked again even if nothing changes.
    private TimeSpan Look(Snapshot latest)
    {
        var free = MayDeliver ? _schedule.Free : 0;
        var (isWaiting, oldest, next) = (false, long.MaxValue, long.MaxValue);

        // The newest of those that are kept is the first to leave.
        var due = new PriorityQueue<Key, long>(Comparer<long>.Create((one, other) => other.CompareTo(one)));
        foreach (var record in latest.ScanReserved(_marks.Range))
        {
            var mark = OutboxMark.Read(record);
            if (mark.IsParked)
                continue;
            isWaiting = true;
            oldest = Math.Min(oldest, mark.SinceMilliseconds);
            if (free == 0 || !_schedule.IsDue(record.Key, ref next))
                continue;
            if (due.Count < free)
                due.Enqueue(record.Key, mark.SinceMilliseconds);
            else
                due.EnqueueDequeue(record.Key, mark.SinceMilliseconds);
        }

        _marks.OldestMilliseconds = oldest;
        _schedule.Forget(mark => latest.Find(mark) is not null);
        var picked = new Key[due.Count];
        for (var i = picked.Length; i > 0; i--)
            picked[i - 1] = due.Dequeue();
        foreach (var mark in picked)
        {
            _schedule.Take(mark);
            if (!_channel.Writer.TryWrite(mark))
                throw new InvalidOperationException("The channel has less room than the schedule.");
        }

        if (!isWaiting)
            return Timeout.InfiniteTimeSpan;
        var left = next == long.MaxValue ? LookInterval : _time.GetElapsedTime(_time.GetTimestamp(), next);

        // In whole milliseconds, as timers count: a part of one would be no wait at all, again and again until it is over.
        return left < LookInterval ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(left.TotalMilliseconds))) : LookInterval;
    }

    // While the origin is not called, keys would only go through the channel and come back.
    private bool MayDeliver => _store.Rank == 0 && _gate.Breaker.OpenLeft is null && _gate.Tokens.PauseLeft == TimeSpan.Zero;

    private async Task DeliverAsync()
    {
        try
        {
            await foreach (var mark in _channel.Reader.ReadAllAsync(_stopping.Token))
            {
                // Another replica may have become the first meanwhile.
                var delivery = _store.Rank == 0 && !_stopping.IsCancellationRequested
                    ? await _deliverer.DeliverAsync(OutboxMarks.KeyOf(mark), _schedule.FailuresOf(mark), _aborting.Token)
                    : new Delivery(DeliveryEnd.Superseded);
                _schedule.End(mark, delivery);
                Signal();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // What is in the channel stays in the store.
        }
    }
}
