namespace KvStore;

/// <summary>
/// Decides when notified watchers wake: each gets a wake slot, in the order of notification. A thousand watchers woken at once would run ahead of all
/// requests. While they wait for their slots, commits gather, and one send carries many. Belongs to the task of the hub.
/// </summary>
/// <param name="restMax">The longest wait for a wake slot; <see cref="StoreOptions.WatchRestMax"/>.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchPacer(TimeSpan restMax, TimeProvider time)
{
    // The length of a wake slot. Chosen by `bench/watch fanout` with 1,000 watchers and 1,000 writes/s on two cores: all of them wake within 80 ms,
    // so the p99 of a delivery stays below the aim of 100 ms. Handing a batch to a connection takes about two thirds of a slot, in the
    // service and in a client on the same machine; the rest is left to requests.
    private static readonly TimeSpan SlotTime = TimeSpan.FromMicroseconds(80);

    // All slots of one interval wake together, followed by one rest. `bench/watch keys` shows this interval as its p99, 8.5 to 8.8 ms.
    private static readonly TimeSpan IntervalTime = TimeSpan.FromMilliseconds(8);

    // How long batches stay at least for watchers that were woken and have not run yet. More than two intervals, because two scans
    // can be microseconds apart. A watcher that comes later reads the history and encodes for itself; it loses nothing.
    private static readonly TimeSpan RetentionTime = TimeSpan.FromMilliseconds(20);

    // A timer is not more precise than this.
    private static readonly TimeSpan RestMin = TimeSpan.FromMilliseconds(1);

    private readonly Queue<Watcher> _waiting = [];
    private long _releaseNext;
    private long _releasedAt;

    /// <summary>Whether no watcher waits for a wake slot.</summary>
    public bool IsIdle => _waiting.Count == 0;

    /// <summary>Notifies a watcher of a commit, and queues it for a wake slot unless it has one already.</summary>
    public void Notify(Watcher watcher, long revision)
    {
        if (watcher.Notify(revision))
            _waiting.Enqueue(watcher);
    }

    /// <summary>Wakes the watchers whose slots come next.</summary>
    /// <param name="watchers">The number of all watchers.</param>
    /// <returns>How long to rest before the next call.</returns>
    public TimeSpan WakeNext(int watchers)
    {
        var woken = Math.Min(SlotsOfInterval(watchers), _waiting.Count);
        var waits = new List<WatchWait>(woken);
        for (var i = 0; i < woken; i++)
        {
            if (_waiting.Dequeue().TakeSlot() is { } wait)
                waits.Add(wait);
        }

        WakeRun.Start(waits);

        var rest = SlotTime * woken;
        if (rest > IntervalTime)
            rest = IntervalTime;
        if (rest > restMax)
            rest = restMax;
        return rest >= RestMin ? rest : TimeSpan.Zero;
    }

    /// <summary>Cancels all wake slots.</summary>
    public void Clear() => _waiting.Clear();

    /// <summary>Decides whether batches may be released before the next notification.</summary>
    /// <param name="notifiedThrough">The revision through which all watchers are notified.</param>
    /// <returns>The revision through which no watcher is expected to need batches; null when the last release is too recent.</returns>
    public long? NextRelease(long notifiedThrough)
    {
        if (time.GetElapsedTime(_releasedAt) < RetentionTime)
            return null;

        // What waiting watchers need is retained, and what those need that woke since the last release.
        var release = _releaseNext;
        _releaseNext = _waiting.TryPeek(out var first) ? first.Pending - 1 : notifiedThrough;
        _releasedAt = time.GetTimestamp();
        return release;
    }

    // With so many watchers that the last would wait longer than restMax, wake more per interval.
    private int SlotsOfInterval(int watchers) => restMax > IntervalTime
        ? Math.Max((int)(IntervalTime / SlotTime), (int)(watchers * (IntervalTime / restMax)))
        : int.MaxValue;
}
