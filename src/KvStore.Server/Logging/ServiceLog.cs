namespace KvStore.Server;

/// <summary>Every log event of the service.</summary>
internal static partial class ServiceLog
{
    [LoggerMessage(1, LogLevel.Information,
        "KvStore {Version} serves {Addresses}: Swagger UI at {SwaggerUi}, documents at {Documents}, engine {Engine}, keys to {KeyBytesMax} B, values to {ValueBytesMax} B, queue to {QueueOperationsMax} operations and {QueueBytesMax} B, {ConnectionsMax} connections, memory to {MemoryBytesMax} B")]
    public static partial void Started(this ILogger logger, string version, string addresses, string swaggerUi, string documents, string engine,
        int keyBytesMax, int valueBytesMax, int queueOperationsMax, long queueBytesMax, int connectionsMax, long memoryBytesMax);

    [LoggerMessage(2, LogLevel.Information, "KvStore has stopped at revision {Revision} after {UptimeSeconds} s")]
    public static partial void Stopped(this ILogger logger, long revision, double uptimeSeconds);

    [LoggerMessage(60, LogLevel.Information, "Stopping: for {Seconds} s /readyz answers 503 and everything else is served. A second signal ends this at once")]
    public static partial void Draining(this ILogger logger, double seconds);

    [LoggerMessage(3, LogLevel.Warning, "The memory engine keeps nothing in {Data}: every entry is gone when the process ends")]
    public static partial void DataIsNotUsed(this ILogger logger, string data);

    [LoggerMessage(4, LogLevel.Critical,
        "The store has failed and admits no more writes, so the process ends. Start it again; if it fails again, report the exception")]
    public static partial void StoreFailed(this ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "{Operations} writes were still undecided at the end of the shutdown timeout")]
    public static partial void WritesUndecided(this ILogger logger, int operations);

    [LoggerMessage(6, LogLevel.Information, "Loading the entries from {Data}")]
    public static partial void Loading(this ILogger logger, string data);

    [LoggerMessage(7, LogLevel.Information, "Still loading: {LoadedBytes} of {LoadBytes} bytes are read")]
    public static partial void StillLoading(this ILogger logger, long loadedBytes, long loadBytes);

    [LoggerMessage(18, LogLevel.Warning, "The entries take {Bytes} B of memory, and KvStore:EntriesBytesMax is {BytesMax} B: until it is raised or enough is deleted, writes that add to them get 507")]
    public static partial void EntriesExceedMemory(this ILogger logger, long bytes, long bytesMax);

    public const string DataUnusableMessage = "The data cannot be used, so the process ends. {Reason}";

    [LoggerMessage(8, LogLevel.Critical, DataUnusableMessage)]
    public static partial void DataUnusable(this ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Warning, "The last flush did not finish before the shutdown timeout. The next start still loads every acknowledged write, unless the power fails first")]
    public static partial void LogNotClosed(this ILogger logger);

    [LoggerMessage(EventId = 17, Message = "{Happened}")]
    public static partial void CommitLog(this ILogger logger, LogLevel level, string happened);

    [LoggerMessage(10, LogLevel.Error, "{Method} {Path} failed after {Milliseconds} ms: request {RequestId} of {Principal} at {Client}")]
    public static partial void RequestThrew(this ILogger logger, Exception exception, string method, string path, double milliseconds, string requestId, string principal, string client);

    [LoggerMessage(11, LogLevel.Warning, "{Method} {Path} answered {Status} after {Milliseconds} ms: request {RequestId} of {Principal} at {Client}")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, int status, double milliseconds, string requestId, string principal, string client);

    [LoggerMessage(12, LogLevel.Warning, "{Method} {Path} was slow, {Status} after {Milliseconds} ms: request {RequestId} of {Principal} at {Client}")]
    public static partial void RequestSlow(this ILogger logger, string method, string path, int status, double milliseconds, string requestId, string principal, string client);

    [LoggerMessage(13, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds} ms: request {RequestId} of {Principal} at {Client}")]
    public static partial void Request(this ILogger logger, string method, string path, int status, double milliseconds, string requestId, string principal, string client);

    [LoggerMessage(14, LogLevel.Warning, "{Requests} requests were rejected with 429 in the last {Seconds} s: clients write faster than the store commits")]
    public static partial void RequestsRejected(this ILogger logger, long requests, double seconds);

    [LoggerMessage(15, LogLevel.Warning, "{Requests} more requests failed or were slow in the last {Seconds} s")]
    public static partial void RequestsFailedToo(this ILogger logger, long requests, double seconds);

    [LoggerMessage(16, LogLevel.Warning, "A request that the web server rejected was answered without a body")]
    public static partial void RejectionUnexplained(this ILogger logger, Exception exception);

    [LoggerMessage(23, LogLevel.Warning, "{Connections} connections were closed at once in the last {Seconds} s: {ConnectionsMax} are open")]
    public static partial void ConnectionsRefused(this ILogger logger, long connections, double seconds, int connectionsMax);

    [LoggerMessage(28, LogLevel.Warning, "{Connections} connections were closed at once in the last {Seconds} s: the open ones have ConnectionsBytesMax of memory")]
    public static partial void ConnectionsWithoutMemoryRefused(this ILogger logger, long connections, double seconds);

    [LoggerMessage(19, LogLevel.Warning, "{Connections} connections were closed at once in the last {Seconds} s: their address has {ConnectionsPerAddressMax} open")]
    public static partial void ConnectionsOfAddressRefused(this ILogger logger, long connections, double seconds, int connectionsPerAddressMax);

    [LoggerMessage(20, LogLevel.Warning, "Accepting a connection failed. Others are accepted as soon as that is possible")]
    public static partial void AcceptFailed(this ILogger logger, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "Accepting connections failed {Attempts} more times in the last {Seconds} s")]
    public static partial void AcceptsFailed(this ILogger logger, long attempts, double seconds);

    [LoggerMessage(22, LogLevel.Warning,
        "{Connections} connections can be open instead of {ConnectionsMax}: the limit of open files is {Descriptors}, of which {Reserved} are reserved. {Remedy}")]
    public static partial void ConnectionsClamped(this ILogger logger, int connections, int connectionsMax, long descriptors, int reserved, string remedy);

    [LoggerMessage(29, LogLevel.Information, "{Connections} connections can be open instead of {ConnectionsMax}: more would not fit into ConnectionsBytesMax, {ConnectionsBytesMax} B")]
    public static partial void ConnectionsClampedByMemory(this ILogger logger, int connections, int connectionsMax, long connectionsBytesMax);

    [LoggerMessage(24, LogLevel.Warning, "{Reads} exports or watches were cut off in the last {Seconds} s: they took longer than ExportTimeMax, or kept more in memory than SnapshotsBytesMax")]
    public static partial void ReadsCutOff(this ILogger logger, long reads, double seconds);

    [LoggerMessage(27, LogLevel.Warning, "{Connections} connections to the operators' listener were closed at once in the last {Seconds} s: {OperationsConnectionsMax} are open")]
    public static partial void ConnectionsOfOperatorsRefused(this ILogger logger, long connections, double seconds, int operationsConnectionsMax);

    [LoggerMessage(25, LogLevel.Warning, "The operators' listener {OperationsUrls} can be reached from other machines: every client that reaches it can take its connections and, without keys, reads the status and the metrics")]
    public static partial void OperationsReachable(this ILogger logger, string operationsUrls);

    [LoggerMessage(40, LogLevel.Information, "{Section}: the certificate {Path} is in use: {Subject}, until {ExpiresAt}")]
    public static partial void CertificateLoaded(this ILogger logger, string section, string path, string subject, DateTime expiresAt);

    [LoggerMessage(41, LogLevel.Warning, "{Section}: the certificate {Path} is in use, but it has expired: {Subject}, {ExpiresAt}. Replace the file; no restart is needed")]
    public static partial void CertificateExpired(this ILogger logger, string section, string path, string subject, DateTime expiresAt);

    [LoggerMessage(42, LogLevel.Error, "{Section}: the certificate {Path} has changed and cannot be used, so connections continue with the one before it: {Reason}")]
    public static partial void CertificateUnusable(this ILogger logger, string section, string path, string reason);

    [LoggerMessage(30, LogLevel.Information, "The key {Principal} used the right to administer: {Method} {Path}")]
    public static partial void AdminRightUsed(this ILogger logger, string principal, string method, string path);

    [LoggerMessage(31, LogLevel.Information, "{Keys} keys are in force: {Path} has changed")]
    public static partial void KeysReloaded(this ILogger logger, int keys, string path);

    [LoggerMessage(32, LogLevel.Error, "The key file {Path} has changed and cannot be used, so the keys before stay in force: {Reason}")]
    public static partial void KeysUnusable(this ILogger logger, string path, string reason);

    [LoggerMessage(33, LogLevel.Information, "The key {Principal} has expired")]
    public static partial void KeyExpired(this ILogger logger, string principal);

    [LoggerMessage(43, LogLevel.Information, "{Keys} public keys of the issuer of tokens are in use, from {File}")]
    public static partial void IssuerKeysReloaded(this ILogger logger, int keys, string file);

    [LoggerMessage(44, LogLevel.Error, "{File} has changed and cannot be used, so tokens are still checked by what it had before: {Reason}")]
    public static partial void IssuerKeysUnusable(this ILogger logger, string file, string reason);

    [LoggerMessage(45, LogLevel.Error, "{Requests} tokens could not be checked in the last {Seconds} s, because the keys of their issuer {Issuer} cannot be fetched: {Reason}")]
    public static partial void IssuerUnreachable(this ILogger logger, long requests, double seconds, string issuer, string reason);

    [LoggerMessage(26, LogLevel.Warning, "{Lines} more requests that the web server rejected were answered without a body in the last {Seconds} s")]
    public static partial void RejectionsUnexplained(this ILogger logger, long lines, double seconds);

    [LoggerMessage(70, LogLevel.Warning, "The replica {Name} at {Url} ({Id}) has been silent for 2.5 s: it has failed, or cannot reach etcd")]
    public static partial void ReplicaFailed(this ILogger logger, string name, string url, string id);

    [LoggerMessage(71, LogLevel.Information, "The replica {Name} ({Id}) is heard again")]
    public static partial void ReplicaReturned(this ILogger logger, string name, string id);

    [LoggerMessage(72, LogLevel.Warning, "The clock of this machine is {Seconds} s ahead of the middle one of the replicas' clocks, which is used instead. Set the clock, or run an NTP client")]
    public static partial void ClockIsOff(this ILogger logger, double seconds);

    [LoggerMessage(80, LogLevel.Warning, "Origin {Name}: {Message}")]
    public static partial void OriginFailed(this ILogger logger, string name, string message);

    [LoggerMessage(81, LogLevel.Information, "Origin {Name} again: {Message}")]
    public static partial void OriginChanged(this ILogger logger, string name, string message);

    [LoggerMessage(82, LogLevel.Error, "Origin {Name} has met a bug: {Message} Please report the exception")]
    public static partial void OriginFaulted(this ILogger logger, string name, string message, Exception exception);

    [LoggerMessage(90, LogLevel.Warning, "Region {Name} at {Address}: {Message} It is tried again")]
    public static partial void RegionFailed(this ILogger logger, string name, Uri address, string message);

    [LoggerMessage(91, LogLevel.Information, "Region {Name} at {Address} answers again")]
    public static partial void RegionReturned(this ILogger logger, string name, Uri address);

    [LoggerMessage(92, LogLevel.Warning, "Region {Name}: a value cannot be merged. {Reason} GET /v1/regions has its key")]
    public static partial void RegionConflict(this ILogger logger, string name, string reason);

    [LoggerMessage(93, LogLevel.Warning, "Region {Name}: {Count} more values cannot be merged, found in the last {Seconds} s")]
    public static partial void RegionConflicts(this ILogger logger, string name, long count, double seconds);

    [LoggerMessage(94, LogLevel.Warning, "Region {Name}: the exchange of a value failed, and is tried again. {Message}")]
    public static partial void RegionKeyFailed(this ILogger logger, string name, string message);

    [LoggerMessage(95, LogLevel.Warning, "Region {Name}: {Count} more exchanges failed in the last {Seconds} s, and are tried again")]
    public static partial void RegionKeysFailed(this ILogger logger, string name, long count, double seconds);

    [LoggerMessage(96, LogLevel.Error, "Region {Name} has met a bug. Its work begins again. Please report the exception")]
    public static partial void RegionFaulted(this ILogger logger, string name, Exception exception);
}
