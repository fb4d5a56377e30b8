using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Says in the service's words what happens to the log on disk.</summary>
internal static class DiskLogReports
{
    /// <summary>Logs an event; called by the log's threads.</summary>
    public static void Write(ILogger logger, DiskLogEvent happened)
    {
        var level = LevelOf(happened.Kind);
        logger.DiskLog(level, happened.Message);
    }

    /// <summary>Why the service cannot start on its data, as one paragraph that says what to do.</summary>
    /// <param name="exception">What the log met.</param>
    /// <param name="directory">The data directory.</param>
    public static string Explain(Exception exception, string directory) => exception is DiskLogException { Problem: DiskLogProblem.Failed }
        ? $"{exception.Message} The data directory is {Path.GetFullPath(directory)}: make it one that the user {Environment.UserName} can read and write, on a disk that has room, or name another with --data."
        : exception.Message;

    private static LogLevel LevelOf(DiskLogEventKind kind) => kind switch
    {
        DiskLogEventKind.Closed => LogLevel.Error,
        DiskLogEventKind.TailCut or DiskLogEventKind.CheckpointFailed or DiskLogEventKind.NoSpace => LogLevel.Warning,
        _ => LogLevel.Information,
    };
}
