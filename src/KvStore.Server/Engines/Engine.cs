using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Opens the commit log, which the store disposes of.</summary>
internal delegate ICommitLog OpenCommitLog();

/// <summary>The engine that makes commits durable, for the store and for the endpoints that report on it.</summary>
internal sealed class Engine(ICommitLog log)
{
    public ICommitLog Log => log;

    /// <summary>The log on disk; null if the engine keeps no files.</summary>
    public DiskCommitLog? Disk => log as DiskCommitLog;

    /// <summary>Why the log takes no writes any more, so that the operator must act; null as long as it may.</summary>
    public string? ClosedReason => Disk?.Status.ClosedReason;

    /// <summary>Why a store that has loaded should get no requests, as a sentence; null if it may. Takes no lock that a busy store holds.</summary>
    public string? NotReadyReason(KvStoreOptions options) => ClosedReason ?? (log.Connection is { } connection ? NotReadyReason(connection, options) : null);

    private static string? NotReadyReason(in CommitLogConnection connection, KvStoreOptions options) =>
        connection.NotReadyReason ?? (options.ReadyWithoutEtcd || connection.StateAge <= options.Store.ReadWaitMax ? null
            : string.Create(CultureInfo.InvariantCulture, $"The state may be {connection.StateAge.TotalSeconds:0} s old, because etcd does not answer."));

    /// <summary>The commit log on one machine that the settings choose. It touches no file before the store starts.</summary>
    public static ICommitLog Open(KvStoreOptions options, TimeProvider time, DiskLogReports reports, StoreMetrics metrics) =>
        options.Engine == KvStoreOptions.DiskEngine ? new DiskCommitLog(options.Log, time, reports.Write, metrics) : new MemoryCommitLog(time);
}
