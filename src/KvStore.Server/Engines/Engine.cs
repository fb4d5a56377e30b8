using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Opens what makes commits durable. The store that is made on it disposes of it.</summary>
internal delegate ICommitLog OpenCommitLog();

/// <summary>What makes commits durable, for the store that stands on it and for whoever runs it.</summary>
internal sealed class Engine(ICommitLog log)
{
    /// <summary>The commit log.</summary>
    public ICommitLog Log => log;

    /// <summary>The log on disk; null when the engine keeps no files.</summary>
    public DiskCommitLog? Disk => log as DiskCommitLog;

    /// <summary>Makes the commit log that the settings ask for. It touches nothing before the store starts.</summary>
    public static ICommitLog Open(KvStoreOptions options, TimeProvider time, ILogger<Engine> logger) => options.Engine == KvStoreOptions.DiskEngine
        ? new DiskCommitLog(options.Log, time, happened => DiskLogReports.Write(logger, happened))
        : new MemoryCommitLog(time);
}
