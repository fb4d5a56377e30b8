namespace KvStore.Client;

/// <summary>The state that a read sees. The default is the latest one, with every acknowledged write.</summary>
public sealed record KvReadOptions
{
    /// <summary>Read the state at this revision.</summary>
    public long? Revision { get; init; }

    /// <summary>Wait a few seconds at most until the replica has this revision, to read your own write through any replica.</summary>
    public long? MinRevision { get; init; }

    /// <summary>Read the state of this replica without waiting; it may be behind others.</summary>
    public bool IsLocal { get; init; }

    internal void AddTo(QueryString query)
    {
        query.Add("revision", Revision);
        query.Add("min_revision", MinRevision);
        query.Add("consistency", IsLocal ? "local" : null);
    }
}
