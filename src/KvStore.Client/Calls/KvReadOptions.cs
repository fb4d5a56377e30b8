namespace KvStore.Client;

/// <summary>The state that a read sees. The default is the latest one, with every acknowledged write.</summary>
public sealed record KvReadOptions
{
    /// <summary>Read the state at this revision.</summary>
    public KvRevision? Revision { get; init; }

    /// <summary>Wait a few seconds at most until the replica has this revision, to read your own write through any replica.</summary>
    public KvRevision? MinRevision { get; init; }

    /// <summary>Read the state of this replica without waiting; it may be behind others.</summary>
    public bool IsLocal { get; init; }

    /// <summary>How fresh the entry has to be if it comes from an origin; null for what the service decides. For <see cref="KvStoreClient.GetAsync"/>.</summary>
    public KvFreshness? Freshness { get; init; }

    internal string? StoreId => Revision is { } one && MinRevision is { } other && one.IsOfAnotherStoreThan(other)
        ? throw new ArgumentException("Revision and MinRevision are of different stores.")
        : Revision?.StoreId ?? MinRevision?.StoreId;

    internal void AddTo(QueryString query)
    {
        query.Add("revision", Revision?.Number);
        query.Add("min_revision", MinRevision?.Number);
        query.Add("consistency", IsLocal ? "local" : null);
    }
}
