namespace KvStore.Origins;

/// <summary>What a pool has counted since it began. Any thread may count, and read.</summary>
internal sealed class LoadCounters
{
    private long _calls;
    private long _repeatedCalls;
    private long _found;
    private long _notModified;
    private long _absent;
    private long _failed;
    private long _collapsed;

    public void CountCall(bool isRepeated)
    {
        Interlocked.Increment(ref _calls);
        if (isRepeated)
            Interlocked.Increment(ref _repeatedCalls);
    }

    public void CountCollapsed() => Interlocked.Increment(ref _collapsed);

    public void Count(LoadResult result) => Interlocked.Increment(ref CounterOf(result));

    /// <summary>Fills in what is counted.</summary>
    public LoaderStatus AddTo(LoaderStatus status) => status with
    {
        Calls = Volatile.Read(ref _calls),
        RepeatedCalls = Volatile.Read(ref _repeatedCalls),
        Found = Volatile.Read(ref _found),
        NotModified = Volatile.Read(ref _notModified),
        Absent = Volatile.Read(ref _absent),
        Failed = Volatile.Read(ref _failed),
        Collapsed = Volatile.Read(ref _collapsed),
    };

    private ref long CounterOf(LoadResult result)
    {
        switch (result)
        {
            case LoadResult.Found:
                return ref _found;
            case LoadResult.NotModified:
                return ref _notModified;
            case LoadResult.Absent:
                return ref _absent;
            default:
                return ref _failed;
        }
    }
}
