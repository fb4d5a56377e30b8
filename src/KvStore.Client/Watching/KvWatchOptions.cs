namespace KvStore.Client;

/// <summary>Where a watch begins, and what its events contain.</summary>
public sealed record KvWatchOptions
{
    /// <summary>
    /// Begin after this revision, such as that of a write or of the last event before your process ended; null begins now, or with the existing
    /// entries if <see cref="IsInitial"/> is set.
    /// </summary>
    public KvRevision? After { get; init; }

    /// <summary>
    /// Begin with the existing entries (<see cref="KvWatchEvent.Reset"/>, <see cref="KvWatchEvent.Entry"/>, <see cref="KvWatchEvent.Synced"/>), and
    /// begin again with them if the watch falls behind the retained history, or if the store has started over or been replaced. With
    /// <see cref="After"/>, begin with them only in these cases. Set it to keep a copy of the store.
    /// </summary>
    public bool IsInitial { get; init; }

    /// <summary>Whether events contain values. Default true.</summary>
    public bool WithValues { get; init; } = true;
}
