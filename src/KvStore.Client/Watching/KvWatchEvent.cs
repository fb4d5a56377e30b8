namespace KvStore.Client;

/// <summary>An event of a watch: one of the nested types.</summary>
public abstract record KvWatchEvent
{
    private KvWatchEvent()
    {
    }

    /// <summary>The existing entries follow: discard your copy. The first event of a watch that begins with them, and again each time it begins again.</summary>
    public sealed record Reset : KvWatchEvent;

    /// <summary>An entry that existed when the watch began.</summary>
    /// <param name="Value">The entry.</param>
    public sealed record Entry(KvEntry Value) : KvWatchEvent;

    /// <summary>Follows the last existing entry.</summary>
    /// <param name="Revision">The revision of the state that the entries are from.</param>
    public sealed record Synced(KvRevision Revision) : KvWatchEvent;

    /// <summary>The changes of one commit to the watched keys.</summary>
    /// <param name="Revision">The revision of the commit.</param>
    /// <param name="Changes">The changes; each key once.</param>
    public sealed record Changed(KvRevision Revision, IReadOnlyList<KvChange> Changes) : KvWatchEvent;

    /// <summary>Every change up to and including a revision has been delivered.</summary>
    /// <param name="Revision">The revision.</param>
    public sealed record Bookmark(KvRevision Revision) : KvWatchEvent;
}

/// <summary>The kinds of changes.</summary>
public enum KvChangeKind
{
    /// <summary>The entry was created or replaced.</summary>
    Put,

    /// <summary>The entry was deleted.</summary>
    Delete,

    /// <summary>The entry expired.</summary>
    Expire,
}

/// <summary>A change of one key.</summary>
/// <param name="Kind">The kind of change.</param>
/// <param name="Key">The key.</param>
/// <param name="Entry">The new entry; null after a deletion or an expiry.</param>
public sealed record KvChange(KvChangeKind Kind, string Key, KvEntry? Entry);
