namespace KvStore;

/// <summary>
/// A wait of a watcher. It ends with what its receiver has not taken, or with null: then the watcher scans. One thread has it at a time: the one that takes it from the watcher, which is that of
/// the wake slot, or the one that waits, when the time is up.
/// </summary>
/// <param name="watcher">The watcher.</param>
/// <param name="receiver">What takes commits during the wait; null if every commit ends it.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchWait(Watcher watcher, IWatchReceiver? receiver, TimeProvider time)
    : TaskCompletionSource<WatchState?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    // What a watcher is behind at most that keeps pace, with a margin. Others wait meanwhile.
    private const int TakenMax = 4;

    private long _silentSince = time.GetTimestamp();
    private volatile bool _isOver;

    /// <summary>Whether commits may be taken during the wait.</summary>
    public bool HasReceiver => receiver is not null;

    /// <summary>Whether the one who waits wants it to end.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>
    /// For the thread that has it: hands what there is to the receiver. Then others can take the wait again, unless it ends: with what was not taken, or for a watcher that is far behind, which reads
    /// on its own thread then.
    /// </summary>
    public void Serve()
    {
        try
        {
            var taken = 0;
            do
            {
                while (watcher.Scan() is { } state)
                {
                    if (state != WatchState.Changed || !receiver!.TryTake(watcher))
                    {
                        SetResult(state);
                        return;
                    }

                    Volatile.Write(ref _silentSince, time.GetTimestamp());
                    if (++taken < TakenMax)
                        continue;
                    SetResult(null);
                    return;
                }
            }
            while (!watcher.TryPark(this));
        }
        catch (Exception exception)
        {
            SetException(exception);
        }
    }

    /// <summary>Waits for the end, a cancellation, or a time without commits. Does not throw.</summary>
    public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var left = timeout;
        do
        {
            await ((Task)Task).WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Task.IsCompleted || cancellationToken.IsCancellationRequested)
                return;
            left = timeout - time.GetElapsedTime(Volatile.Read(ref _silentSince));
        }
        while (left > TimeSpan.Zero);
    }
}
