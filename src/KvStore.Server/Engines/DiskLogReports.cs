using System.Diagnostics.Metrics;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>Reports events and failures of the log on disk. Thread-safe.</summary>
internal sealed class DiskLogReports
{
    private static readonly string[] Names = [.. Enum.GetNames<DiskLogEventKind>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName)];

    private readonly ILogger _logger;
    private readonly long[] _counts = new long[Names.Length];

    public DiskLogReports(ILogger<Engine> logger, IMeterFactory meters)
    {
        _logger = logger;

        // Observed, so that it begins with 0: Prometheus cannot see that a counter has grown which was not there before.
        meters.Create(StoreMetrics.MeterName).CreateObservableCounter("kvstore.log.events", () => _counts.Select((count, kind) =>
            new Measurement<long>(count, new KeyValuePair<string, object?>("event", Names[kind]))), "{event}", "What happened to the log on disk.");
    }

    /// <summary>Logs and counts an event; called by the log's threads.</summary>
    public void Write(DiskLogEvent happened)
    {
        Interlocked.Increment(ref _counts[(int)happened.Kind]);
        var level = LevelOf(happened.Kind);
        _logger.CommitLog(level, happened.Message);
    }

    /// <summary>Why the service cannot start on its data, and what to do.</summary>
    public static string Explain(Exception exception, string directory) =>
        FileInPlaceOf(Path.GetFullPath(directory)) is { } file ? $"{file} is a file, so it cannot be or contain the data directory. Choose another with --data."
        : exception is DiskLogException { Problem: DiskLogProblem.Failed }
        ? $"{exception.Message} The data directory is {Path.GetFullPath(directory)}: make it readable and writable for the user {Environment.UserName}, on a disk with free space, or choose another with --data."
        : exception.Message;

    /// <summary>The level of a line.</summary>
    public static LogLevel LevelOf(DiskLogEventKind kind) => kind switch
    {
        DiskLogEventKind.Closed => LogLevel.Error,
        DiskLogEventKind.TailCut or DiskLogEventKind.CheckpointFailed or DiskLogEventKind.RollFailed or DiskLogEventKind.NoSpace => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    private static string? FileInPlaceOf(string? path)
    {
        while (path is not null && !File.Exists(path))
            path = Path.GetDirectoryName(path);
        return path;
    }
}
