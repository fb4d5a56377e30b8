namespace KvStore.Etcd;

/// <summary>Waits until the watch has delivered what etcd is known to have, with a bound, and notices a watch that is silent. Thread-safe.</summary>
internal sealed class Delivery(LogState state, EtcdLogOptions options, TimeProvider time)
{
    // About as long as a list takes.
    private static readonly TimeSpan ListPause = TimeSpan.FromMilliseconds(50);

    // When the watch was last opened again, as a timestamp. Those that wait share it, because each of them finds the same watch stalled.
    private long _stalledAt = time.GetTimestamp();

    /// <summary>Called when a watch did not deliver in time: it is opened again.</summary>
    public Action? Stalled { get; set; }

    /// <summary>Called when the watch has passed something by that it should have brought: it is listed.</summary>
    public Action? Missed { get; set; }

    /// <summary>A time from now.</summary>
    public Deadline After(TimeSpan span, CancellationToken hurry) => new(time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency), hurry);

    /// <summary>Whether a deadline has passed.</summary>
    public bool HasPassed(Deadline deadline) => Left(deadline) <= TimeSpan.Zero;

    /// <summary>Waits until the watch has delivered a revision of etcd, but not for what it has lost before that.</summary>
    /// <returns>False if that takes longer than the deadline.</returns>
    public Task<bool> WaitForAsync(long revision, Deadline deadline) => WaitForAsync(state.Applied, revision, deadline);

    /// <summary>Waits until records are applied, without a gap.</summary>
    /// <param name="count">How many: the version of the head.</param>
    /// <param name="revision">etcd's revision of the last of them.</param>
    /// <param name="deadline">When to give up.</param>
    /// <returns>False if that takes longer than the deadline.</returns>
    public async Task<bool> WaitForRecordsAsync(long count, long revision, Deadline deadline)
    {
        if (!await WaitForAsync(revision, deadline).ConfigureAwait(false))
            return false;
        if (state.Head < count)
            Missed?.Invoke();
        return await WaitForAsync(state.Records, count, deadline).ConfigureAwait(false);
    }

    /// <summary>Waits until a manifest, or a newer one, is known.</summary>
    public async Task WaitForManifestAsync(long revision, Deadline deadline)
    {
        if (!await WaitForAsync(revision, deadline).ConfigureAwait(false) || state.Manifest.Revision >= revision)
            return;
        Missed?.Invoke();
        await TryPauseAsync(ListPause, deadline).ConfigureAwait(false);
    }

    /// <summary>Waits for something that the watch must bring.</summary>
    /// <returns>False if that takes longer than the deadline.</returns>
    public async Task<bool> WaitAsync(Task delivered, Deadline deadline)
    {
        while (!delivered.IsCompleted)
        {
            var left = Left(deadline);
            if (left <= TimeSpan.Zero)
                return false;
            var isStalled = left > options.DeliveryTimeout;
            var before = state.Applied.Position;
            await delivered.WaitAsync(isStalled ? options.DeliveryTimeout : left, time, deadline.Hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isStalled && !delivered.IsCompleted && !deadline.Hurry.IsCancellationRequested && state.Applied.Position == before && TryClaimStall())
                Stalled?.Invoke();
        }

        return true;
    }

    private async Task<bool> WaitForAsync(PositionSignal signal, long position, Deadline deadline)
    {
        using var wait = signal.WaitFor(position);
        return await WaitAsync(wait.Reached, deadline).ConfigureAwait(false);
    }

    // A watch that was just opened gets as long again. If each of many that wait opened it anew, none would live until its first response.
    private bool TryClaimStall()
    {
        var last = Volatile.Read(ref _stalledAt);
        return time.GetElapsedTime(last) >= options.DeliveryTimeout && Interlocked.CompareExchange(ref _stalledAt, time.GetTimestamp(), last) == last;
    }

    /// <summary>Pauses before another try.</summary>
    /// <returns>False if the deadline has passed.</returns>
    public async Task<bool> TryPauseAsync(TimeSpan pause, Deadline deadline)
    {
        var left = Left(deadline);
        if (left <= TimeSpan.Zero)
            return false;
        await Task.Delay(left < pause ? left : pause, time, deadline.Hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !HasPassed(deadline);
    }

    /// <summary>Makes a call that ends at the deadline.</summary>
    /// <exception cref="EtcdException">It failed. <see cref="EtcdFailure.Unknown"/> if it did not end in time.</exception>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, Deadline deadline)
    {
        var left = Left(deadline);
        if (left <= TimeSpan.Zero)
            throw new EtcdException(EtcdFailure.NotSent, "There was no time left to ask etcd.");
        using var timeout = new CancellationTokenSource(left, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, deadline.Hurry);
        try
        {
            return await call(ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (ended.IsCancellationRequested)
        {
            throw new EtcdException(EtcdFailure.Unknown, "etcd did not answer in time.", exception);
        }
    }

    // Timers take whole milliseconds. A shorter wait would end at once, and its loop would spin until the deadline.
    private TimeSpan Left(Deadline deadline) => deadline.Hurry.IsCancellationRequested
        ? TimeSpan.Zero
        : TimeSpan.FromMilliseconds(Math.Ceiling(time.GetElapsedTime(time.GetTimestamp(), deadline.At).TotalMilliseconds));
}
