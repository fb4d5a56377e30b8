namespace KvStore.Client;

/// <summary>Where a watch begins, and what its events contain.</summary>
public sealed record KvWatchOptions
{
    /// <summary>Begin after this revision, such as that of a write; null begins now. Ignored if <see cref="IsInitial"/> is set.</summary>
    public long? After { get; init; }

    /// <summary>
    /// Begin with the existing entries (<see cref="KvWatchEvent.Reset"/>, <see cref="KvWatchEvent.Entry"/>, <see cref="KvWatchEvent.Synced"/>), and
    /// begin again with them if the watch falls behind the retained history. Set it to keep a copy of the store.
    /// </summary>
    public bool IsInitial { get; init; }

    /// <summary>Whether events contain values. Default true.</summary>
    public bool WithValues { get; init; } = true;
}
