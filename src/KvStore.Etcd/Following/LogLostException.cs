namespace KvStore.Etcd;

/// <summary>What etcd has does not fit what this replica has applied: a backup was restored, or records were deleted by someone else.</summary>
internal sealed class LogLostException(string message) : Exception(message);
