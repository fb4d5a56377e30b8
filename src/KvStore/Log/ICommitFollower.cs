namespace KvStore;

/// <summary>The side of the store that a commit log feeds.</summary>
public interface ICommitFollower
{
    /// <summary>The state after the last call of <see cref="Load"/> or <see cref="Apply(IReadOnlyList{Commit})"/>.</summary>
    Snapshot Latest { get; }

    /// <summary>What the store may hold. A log that decides which transactions commit refuses growth beyond it.</summary>
    MemoryBudget Memory { get; }

    /// <summary>Counts what a snapshot keeps in memory while the log reads it. Any thread may call it.</summary>
    /// <returns>Disposed of once, when the log no longer has the snapshot.</returns>
    IDisposable Hold(Snapshot snapshot);

    /// <summary>
    /// Replaces the whole state. What led to it is unknown, so the history begins anew: older revisions can no longer be read, and every watcher is
    /// <see cref="WatchState.Gone"/>, even at the same revision, because the state there may be another one.
    /// </summary>
    /// <param name="revision">
    /// The revision of the image; not below that of <see cref="Latest"/>, which clients have seen: a log that would have to go back fails its <see cref="ICommitLog.Completion"/> instead.
    /// </param>
    /// <param name="entries">Its entries in key order, each key once. Enumerated to the end before the call returns.</param>
    void Load(long revision, IEnumerable<Entry> entries);

    /// <summary>Applies commits and publishes the state after the last of them as one snapshot.</summary>
    /// <param name="commits">At least one commit; revisions increase, and all are above that of <see cref="Latest"/>. Any of them may be a gap.</param>
    void Apply(IReadOnlyList<Commit> commits);

    /// <summary>Publishes a decision that was made against <see cref="Latest"/>. Its snapshot exists already, so nothing is applied again.</summary>
    /// <param name="decision">The decision; it has at least one commit.</param>
    void Apply(Decision decision);
}
