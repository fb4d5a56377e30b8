namespace KvStore.Storage;

/// <summary>What a record says of its change, in one byte.</summary>
[Flags]
internal enum RecordFlags : byte
{
    None = 0,

    /// <summary>The key lost its entry; the record has a key and nothing else.</summary>
    Delete = 1,

    /// <summary>The commit that the record belongs to is complete with it.</summary>
    LastOfCommit = 2,

    /// <summary>The entry has a time at which it expires.</summary>
    Expires = 4,

    /// <summary>The entry was deleted because its time had come.</summary>
    Expired = 8,

    /// <summary>Every flag that there is; any other bit was written by a later program.</summary>
    All = Delete | LastOfCommit | Expires | Expired,
}
