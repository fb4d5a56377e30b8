namespace KvStore.Server;

/// <summary>Which state a request reads. The default value is a linearizable read of the latest state.</summary>
/// <param name="Revision">The revision to read at, or null for the latest state.</param>
/// <param name="MinRevision">The revision that this replica must have reached first.</param>
/// <param name="IsLocal">Whether the state of this replica is enough, although later writes may have been acknowledged elsewhere.</param>
internal readonly record struct ReadRequest(long? Revision, long MinRevision, bool IsLocal)
{
    /// <summary>The latest revision that the client got before, as far as the request says so: a local read is linearizable if this replica has not reached it.</summary>
    public long KnownRevision { get; init; }
}
