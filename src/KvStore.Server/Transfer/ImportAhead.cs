namespace KvStore.Server;

/// <summary>
/// How many transactions an import may have in the queue: many while it is alone, so that reading and committing overlap and many share a flush; few while
/// others write, because each of their writes waits for all that is in its batch. Belongs to one thread at a time.
/// </summary>
internal sealed class ImportAhead
{
    /// <summary>The most, while no others write.</summary>
    public const int Most = 16;

    // With two, PUT beside an import keeps 0.6 of its requests, with four 0.4, with 16 a quarter (bench/growth/run.sh --part beside).
    private const int Few = 2;

    private long _revision;
    private int _alone;
    private int _besideOthers = Few;

    /// <summary>The most that may be in the queue now.</summary>
    public int Max => _alone < Most ? _besideOthers : Most;

    /// <summary>Records the outcome of the import's oldest transaction.</summary>
    /// <param name="revision">Its revision.</param>
    /// <param name="waited">How long the outcome took; null if it was there before it was needed, so that this is not known.</param>
    public void Record(long revision, TimeSpan? waited)
    {
        // Each commit gets the next revision, so one that is skipped is that of another writer, or of none after a start.
        _alone = _revision > 0 && revision > _revision + 1 ? 0 : _alone + 1;
        _revision = revision;

        // Where a flush takes long, it is what others wait for, and a transaction takes well below a millisecond.
        if (waited is { } time)
            _besideOthers = Math.Clamp((int)time.TotalMilliseconds, Few, Most);
    }
}
