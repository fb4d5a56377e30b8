namespace KvStore.Client;

/// <summary>An item of a listing of one level: an entry, or a group of keys. Immutable.</summary>
/// <param name="Name">The key of the entry, or what the keys of the group start with, up to and with the delimiter: the prefix to list next.</param>
/// <param name="Entry">The entry; null for a group.</param>
public sealed record KvListItem(string Name, KvEntry? Entry)
{
    /// <summary>Whether it is a group of keys.</summary>
    public bool IsGroup => Entry is null;
}

/// <summary>What a wait for one key ended with. Immutable.</summary>
/// <param name="HasChanged">Whether the entry was written or deleted; false if the time was up.</param>
/// <param name="Entry">The entry after the change; null if it was deleted, or if nothing changed.</param>
/// <param name="Revision">The state up to which the key was observed: pass it as <c>after</c> to the next wait, and no change is missed.</param>
public sealed record KvWaitResult(bool HasChanged, KvEntry? Entry, KvRevision Revision);
