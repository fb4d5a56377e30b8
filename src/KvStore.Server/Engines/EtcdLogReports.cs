using System.Diagnostics.Metrics;
using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>Reports events of the log in etcd. Thread-safe.</summary>
internal sealed class EtcdLogReports
{
    private static readonly string[] Names = [.. Enum.GetNames<EtcdLogEventKind>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName)];

    private readonly ILogger _logger;
    private readonly long[] _counts = new long[Names.Length];

    public EtcdLogReports(ILogger<Engine> logger, IMeterFactory meters)
    {
        _logger = logger;

        // Observed, so that it begins with 0: Prometheus cannot see that a counter has grown which was not there before.
        meters.Create(StoreMetrics.MeterName).CreateObservableCounter("kvstore.etcd.events", () => _counts.Select((count, kind) =>
            new Measurement<long>(count, new KeyValuePair<string, object?>("event", Names[kind]))), "{event}", "What happened to the log in etcd.");
    }

    /// <summary>Logs and counts an event; called by the log's threads.</summary>
    public void Write(EtcdLogEvent happened)
    {
        Interlocked.Increment(ref _counts[(int)happened.Kind]);
        var level = LevelOf(happened.Kind);
        _logger.CommitLog(level, happened.Message);
    }

    /// <summary>The level of a line.</summary>
    public static LogLevel LevelOf(EtcdLogEventKind kind) => kind switch
    {
        EtcdLogEventKind.Diverged or EtcdLogEventKind.CheckpointDamaged => LogLevel.Error,
        EtcdLogEventKind.Lost or EtcdLogEventKind.CheckpointFailed => LogLevel.Warning,
        _ => LogLevel.Information,
    };
}
