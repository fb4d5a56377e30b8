namespace KvStore.Server;

/// <summary>What an operator learns of a region from the log. No line names a key, which may be secret; <c>/v1/regions</c> does. Thread-safe.</summary>
internal sealed class RegionReports : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly RegionOptions _options;
    private readonly ILogger _logger;
    private readonly LogWindow _conflicts;
    private readonly LogWindow _keys;

    public RegionReports(RegionOptions options, ILogger logger, TimeProvider time)
    {
        (_options, _logger) = (options, logger);
        _conflicts = new LogWindow(1, Window, time, count => logger.RegionConflicts(options.Name, count, Window.TotalSeconds));
        _keys = new LogWindow(1, Window, time, count => logger.RegionKeysFailed(options.Name, count, Window.TotalSeconds));
    }

    /// <summary>Something fails, with the sentence; or it works again, with null.</summary>
    public void Report(string? sentence)
    {
        if (sentence is null)
            _logger.RegionReturned(_options.Name, _options.Address);
        else
            _logger.RegionFailed(_options.Name, _options.Address, sentence);
    }

    /// <summary>A value cannot be merged.</summary>
    public void ReportConflict(string reason)
    {
        if (_conflicts.Admit())
            _logger.RegionConflict(_options.Name, reason);
    }

    /// <summary>The exchange of a key failed, and is tried again.</summary>
    public void ReportKey(string sentence)
    {
        if (_keys.Admit())
            _logger.RegionKeyFailed(_options.Name, sentence);
    }

    /// <summary>A bug.</summary>
    public void ReportBug(Exception exception) => _logger.RegionFaulted(_options.Name, exception);

    public void Dispose()
    {
        _conflicts.Dispose();
        _keys.Dispose();
    }
}
