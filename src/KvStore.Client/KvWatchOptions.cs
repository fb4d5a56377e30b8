namespace KvStore.Client;

/// <summary>Where a watch begins, and what it tells.</summary>
public sealed record KvWatchOptions
{
    /// <summary>Begin after this revision, such as that of a write; null for now.</summary>
    public long? After { get; init; }

    /// <summary>
    /// Begin with the present entries (<see cref="KvWatchEvent.Reset"/>, <see cref="KvWatchEvent.Entry"/>, <see cref="KvWatchEvent.Synced"/>), and begin anew by itself
    /// when it was away for so long that changes have been forgotten. Whoever keeps a copy of the store wants this. <see cref="After"/> does not count then.
    /// </summary>
    public bool IsInitial { get; init; }

    /// <summary>Whether entries come with their values. Default true.</summary>
    public bool WithValues { get; init; } = true;
}
