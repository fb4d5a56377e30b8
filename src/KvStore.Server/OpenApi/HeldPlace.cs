namespace KvStore.Server;

/// <summary>What a request holds of its client's bounds until it ends.</summary>
internal enum HeldPlace
{
    None,

    /// <summary>Of a watch or a long poll.</summary>
    Watcher,

    /// <summary>Of an export or an import.</summary>
    Transfer,
}
