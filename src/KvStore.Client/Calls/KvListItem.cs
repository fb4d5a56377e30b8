namespace KvStore.Client;

/// <summary>An item of a listing of one level: an entry, or a group of keys. Immutable.</summary>
/// <param name="Name">The key of the entry, or what the keys of the group start with, up to and with the delimiter: the prefix to list next.</param>
/// <param name="Entry">The entry; null for a group.</param>
public sealed record KvListItem(string Name, KvEntry? Entry)
{
    /// <summary>Whether it is a group of keys.</summary>
    public bool IsGroup => Entry is null;
}

/// <summary>The first entries of a range of keys. Immutable.</summary>
/// <param name="Revision">The revision of the state that was read: a watch after it misses no change.</param>
/// <param name="Entries">The entries, in the order of their keys' UTF-8 bytes.</param>
/// <param name="HasMore">Whether more follow.</param>
public sealed record KvListPage(KvRevision Revision, IReadOnlyList<KvEntry> Entries, bool HasMore);

/// <summary>What a wait for one key ended with. Immutable.</summary>
/// <param name="HasChanged">Whether the entry was written or deleted; false if the time was up.</param>
/// <param name="Entry">The entry after the change; null if it was deleted, or if nothing changed.</param>
/// <param name="Revision">The state up to which the key was observed: pass it as <c>after</c> to the next wait, and no change is missed.</param>
public sealed record KvWaitResult(bool HasChanged, KvEntry? Entry, KvRevision Revision);
