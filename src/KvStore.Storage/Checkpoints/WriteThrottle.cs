namespace KvStore.Storage;

/// <summary>Delays a thread so that it writes at most so many bytes per second.</summary>
internal readonly struct WriteThrottle(long bytesPerSecondMax, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Returns when this many bytes since the start are within the limit.</summary>
    public void Delay(long bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ahead = TimeSpan.FromSeconds((double)bytes / bytesPerSecondMax) - time.GetElapsedTime(_start);
        if (ahead <= TimeSpan.FromMilliseconds(1))
            return;

        // Not disposed of, because a disposed timer may still be about to set it.
        var due = new ManualResetEventSlim();
        using var timer = time.CreateTimer(state => ((ManualResetEventSlim)state!).Set(), due, ahead, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.Register(due.Set);
        due.WaitHandle.WaitOne();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
