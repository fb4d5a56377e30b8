namespace KvStore.Storage;

/// <summary>Holds a thread up so that it does not do more than so many bytes per second.</summary>
internal readonly struct Pace(long bytesPerSecondMax, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Waits until this many bytes since the start are not too many.</summary>
    public void Keep(long bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ahead = TimeSpan.FromSeconds((double)bytes / bytesPerSecondMax) - time.GetElapsedTime(_start);
        if (ahead <= TimeSpan.FromMilliseconds(1))
            return;

        // Not disposed of, because a timer that is cancelled may be about to set it.
        var due = new ManualResetEventSlim();
        using var timer = time.CreateTimer(state => ((ManualResetEventSlim)state!).Set(), due, ahead, Timeout.InfiniteTimeSpan);
        using var cancelled = cancellationToken.Register(due.Set);
        due.WaitHandle.WaitOne();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
