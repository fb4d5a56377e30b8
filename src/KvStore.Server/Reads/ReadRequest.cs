namespace KvStore.Server;

/// <summary>Which state a request reads. The default value is a linearizable read of the latest one.</summary>
/// <param name="Revision">The revision to read at, or null for the latest state.</param>
/// <param name="MinRevision">The revision that the state at hand must have come to before anything is read from it.</param>
/// <param name="IsLocal">Whether the state at hand will do, although others may have had answers to later writes.</param>
internal readonly record struct ReadRequest(long? Revision, long MinRevision, bool IsLocal);
