namespace KvStore.Client;

/// <summary>Something that a watch tells. One of the nested types.</summary>
public abstract record KvWatchEvent
{
    private KvWatchEvent()
    {
    }

    /// <summary>What follows is the whole state: forget what was known. Comes first where a watch begins with the present entries, and again when it had to begin anew.</summary>
    public sealed record Reset : KvWatchEvent;

    /// <summary>An entry that was there at the beginning.</summary>
    /// <param name="Value">The entry.</param>
    public sealed record Entry(KvEntry Value) : KvWatchEvent;

    /// <summary>All entries that were there at the beginning have come.</summary>
    /// <param name="Revision">The revision whose state they are.</param>
    public sealed record Synced(long Revision) : KvWatchEvent;

    /// <summary>What one commit did to the keys that are watched.</summary>
    /// <param name="Revision">The commit's revision.</param>
    /// <param name="Changes">The changes; each key once.</param>
    public sealed record Changed(long Revision, IReadOnlyList<KvChange> Changes) : KvWatchEvent;

    /// <summary>Nothing more has happened up to a revision.</summary>
    /// <param name="Revision">The revision.</param>
    public sealed record Bookmark(long Revision) : KvWatchEvent;
}

/// <summary>How a key has changed.</summary>
public enum KvChangeKind
{
    /// <summary>It has a new entry.</summary>
    Put,

    /// <summary>Its entry was deleted.</summary>
    Delete,

    /// <summary>Its entry was deleted because its time had come.</summary>
    Expire,
}

/// <summary>A change of one key.</summary>
/// <param name="Kind">How it has changed.</param>
/// <param name="Key">The key.</param>
/// <param name="Entry">The entry that it has now; null when it has none.</param>
public sealed record KvChange(KvChangeKind Kind, string Key, KvEntry? Entry);
