using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Reports events and failures of the log on disk.</summary>
internal static class DiskLogReports
{
    /// <summary>Logs an event; called by the log's threads.</summary>
    public static void Write(ILogger logger, DiskLogEvent happened)
    {
        var level = LevelOf(happened.Kind);
        logger.DiskLog(level, happened.Message);
    }

    /// <summary>Why the service cannot start on its data, and what to do.</summary>
    public static string Explain(Exception exception, string directory) =>
        FileInPlaceOf(Path.GetFullPath(directory)) is { } file ? $"{file} is a file, so it cannot be or contain the data directory. Choose another with --data."
        : exception is DiskLogException { Problem: DiskLogProblem.Failed }
        ? $"{exception.Message} The data directory is {Path.GetFullPath(directory)}: make it readable and writable for the user {Environment.UserName}, on a disk with free space, or choose another with --data."
        : exception.Message;

    private static string? FileInPlaceOf(string? path)
    {
        while (path is not null && !File.Exists(path))
            path = Path.GetDirectoryName(path);
        return path;
    }

    private static LogLevel LevelOf(DiskLogEventKind kind) => kind switch
    {
        DiskLogEventKind.Closed => LogLevel.Error,
        DiskLogEventKind.TailCut or DiskLogEventKind.CheckpointFailed or DiskLogEventKind.RollFailed or DiskLogEventKind.NoSpace => LogLevel.Warning,
        _ => LogLevel.Information,
    };
}
