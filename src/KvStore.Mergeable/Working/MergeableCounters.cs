namespace KvStore.Mergeable;

/// <summary>What was done since the start. Thread-safe.</summary>
internal sealed class MergeableCounters
{
    private long _merges;
    private long _commits;
    private long _rewrites;
    private long _collections;
    private long _retired;

    public MergeableStatus ToStatus(int decoded) => new(
        decoded, Volatile.Read(ref _merges), Volatile.Read(ref _commits), Volatile.Read(ref _rewrites), Volatile.Read(ref _collections), Volatile.Read(ref _retired));

    public void CountMerges(int requests) => Interlocked.Add(ref _merges, requests);

    public void CountCommit(bool isRewrite)
    {
        Interlocked.Increment(ref _commits);
        if (isRewrite)
            Interlocked.Increment(ref _rewrites);
    }

    public void CountCollection(int retired)
    {
        Interlocked.Increment(ref _collections);
        Interlocked.Add(ref _retired, retired);
    }
}
