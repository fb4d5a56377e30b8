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

    /// <summary>The value and the content type are those of the key's previous entry, and not in the record. From format 3 on.</summary>
    SameValue = 16,

    /// <summary>With <see cref="Delete"/>: no key that starts with this one has an entry any more. From format 3 on.</summary>
    Prefix = 32,

    /// <summary>The content type and the start of the value are those of the key's previous entry, and the record has what follows. From format 4 on.</summary>
    Extends = 64,

    /// <summary>The flags of records in checkpoints, and in segments up to format 2.</summary>
    Format2 = Delete | LastOfCommit | Expires | Expired,

    /// <summary>The flags of records in segments up to format 3.</summary>
    Format3 = Format2 | SameValue | Prefix,

    /// <summary>All known flags; any other bit comes from a later program.</summary>
    All = Format3 | Extends,
}
