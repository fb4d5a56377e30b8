namespace KvStore;

/// <summary>
/// Serves watchers whose wake slots have come, one after the other. After a few of them it continues behind the other work of the thread pool, so requests do not wait for all of them, and
/// no second thread sends at the same time: it would have to bring the same memory into the cache of its own processor.
/// </summary>
/// <param name="waits">The waits of the watchers, which this has taken from them.</param>
internal sealed class WakeRun(List<WatchWait> waits) : IThreadPoolWorkItem
{
    // A send takes 5 to 10 microseconds.
    private const int WatchersAtOnce = 32;

    private int _next;

    public static void Start(List<WatchWait> waits)
    {
        if (waits.Count > 0)
            ThreadPool.UnsafeQueueUserWorkItem(new WakeRun(waits), preferLocal: false);
    }

    public void Execute()
    {
        var end = Math.Min(_next + WatchersAtOnce, waits.Count);
        while (_next < end)
            waits[_next++].Serve();
        if (_next < waits.Count)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
