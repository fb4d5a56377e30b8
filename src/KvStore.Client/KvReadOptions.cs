namespace KvStore.Client;

/// <summary>Which state a read sees. The default is the latest one: every write that anybody had an answer for.</summary>
public sealed record KvReadOptions
{
    /// <summary>Read the state at this revision.</summary>
    public long? Revision { get; init; }

    /// <summary>Wait, for a few seconds, until the replica has this revision: reads your own write through any replica.</summary>
    public long? MinRevision { get; init; }

    /// <summary>Read this replica's state at once, though it may be behind others.</summary>
    public bool IsLocal { get; init; }

    internal void AddTo(QueryString query)
    {
        query.Add("revision", Revision);
        query.Add("min_revision", MinRevision);
        query.Add("consistency", IsLocal ? "local" : null);
    }
}
