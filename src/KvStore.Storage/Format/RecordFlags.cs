namespace KvStore.Storage;

/// <summary>The flags of a record.</summary>
[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>The key has no entry any more; the record ends with the key.</summary>
    Delete = 1,

    /// <summary>The last record of its commit.</summary>
    LastOfCommit = 2,

    /// <summary>The entry has an expiry.</summary>
    Expires = 4,

    /// <summary>The entry was deleted because it expired.</summary>
    Expired = 8,

    /// <summary>All known flags; any other bit comes from a later program.</summary>
    All = Delete | LastOfCommit | Expires | Expired,
}
