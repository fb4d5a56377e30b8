namespace KvStore.Etcd;

/// <summary>Waits until the watch has delivered what etcd is known to have, with a bound, and notices a watch that is silent. Thread-safe.</summary>
internal sealed class Delivery(LogState state, EtcdLogOptions options, TimeProvider time)
{
    /// <summary>Called when a watch did not deliver in time: it is opened again.</summary>
    public Action? Stalled { get; set; }

    /// <summary>A time from now, as a timestamp.</summary>
    public long After(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>Whether a deadline has passed.</summary>
    public bool HasPassed(long deadline) => time.GetTimestamp() >= deadline;

    /// <summary>Waits until the log is applied up to a revision of etcd.</summary>
    /// <returns>False if that takes longer than the deadline.</returns>
    public Task<bool> WaitForAsync(long revision, long deadline) => WaitAsync(state.Applied.WaitAsync(revision), deadline);

    /// <summary>Waits for something that the watch must bring.</summary>
    /// <returns>False if that takes longer than the deadline.</returns>
    public async Task<bool> WaitAsync(Task delivered, long deadline)
    {
        while (!delivered.IsCompleted)
        {
            var left = time.GetElapsedTime(time.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero)
                return false;
            var isStalled = left > options.DeliveryTimeout;
            await delivered.WaitAsync(isStalled ? options.DeliveryTimeout : left, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (isStalled && !delivered.IsCompleted)
                Stalled?.Invoke();
        }

        return true;
    }

    /// <summary>Pauses before another try.</summary>
    /// <returns>False if the deadline has passed.</returns>
    public async Task<bool> TryPauseAsync(TimeSpan pause, long deadline)
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), deadline);
        if (left <= TimeSpan.Zero)
            return false;
        await Task.Delay(left < pause ? left : pause, time, CancellationToken.None).ConfigureAwait(false);
        return !HasPassed(deadline);
    }

    /// <summary>Makes a call that ends at the deadline.</summary>
    /// <exception cref="EtcdException">It failed. <see cref="EtcdFailure.Unknown"/> if it did not end in time.</exception>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, long deadline)
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), deadline);
        if (left <= TimeSpan.Zero)
            throw new EtcdException(EtcdFailure.NotSent, "There was no time left to ask etcd.");
        using var timeout = new CancellationTokenSource(left, time);
        try
        {
            return await call(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested)
        {
            throw new EtcdException(EtcdFailure.Unknown, "etcd did not answer in time.", exception);
        }
    }
}
