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

    /// <summary>The commit log that the settings choose. It touches no file before the store starts.</summary>
    public static ICommitLog Open(KvStoreOptions options, TimeProvider time, DiskLogReports reports, StoreMetrics metrics) => options.Engine == KvStoreOptions.DiskEngine
        ? new DiskCommitLog(options.Log, time, reports.Write, metrics)
        : new MemoryCommitLog(time);
}
