namespace KvStore.Server;

/// <summary>Logs connections that are not accepted: a line when that begins, then a count at a time. Thread-safe.</summary>
internal sealed class ConnectionLog : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ConnectionLimits _limits;
    private readonly ILogger _logger;
    private readonly LogWindow _tooMany;
    private readonly LogWindow _noMemory;
    private readonly LogWindow _tooManyOfAddress;
    private readonly LogWindow _operators;
    private readonly LogWindow _failed;

    public ConnectionLog(ConnectionLimits limits, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = _logger = loggers.CreateLogger("KvStore.Server.Connections");
        _tooMany = new LogWindow(1, Window, time, count => logger.ConnectionsRefused(count, Window.TotalSeconds, limits.ConnectionsMax));
        _noMemory = new LogWindow(1, Window, time, count => logger.ConnectionsWithoutMemoryRefused(count, Window.TotalSeconds));
        _tooManyOfAddress = new LogWindow(1, Window, time, count => logger.ConnectionsOfAddressRefused(count, Window.TotalSeconds, limits.PerAddressMax));
        _operators = new LogWindow(1, Window, time, count => logger.ConnectionsOfOperatorsRefused(count, Window.TotalSeconds, limits.OperatorsMax));
        _failed = new LogWindow(1, Window, time, count => logger.AcceptsFailed(count, Window.TotalSeconds));
        _limits = limits;
    }

    public void Refused(Admission reason, bool isForOperators)
    {
        if (isForOperators && _operators.Admit())
            _logger.ConnectionsOfOperatorsRefused(1, Window.TotalSeconds, _limits.OperatorsMax);
        if (isForOperators)
            return;
        if (reason == Admission.TooMany && _tooMany.Admit())
            _logger.ConnectionsRefused(1, Window.TotalSeconds, _limits.ConnectionsMax);
        if (reason == Admission.NoMemory && _noMemory.Admit())
            _logger.ConnectionsWithoutMemoryRefused(1, Window.TotalSeconds);
        if (reason == Admission.TooManyOfAddress && _tooManyOfAddress.Admit())
            _logger.ConnectionsOfAddressRefused(1, Window.TotalSeconds, _limits.PerAddressMax);
    }

    public void AcceptFailed(Exception exception)
    {
        if (_failed.Admit())
            _logger.AcceptFailed(exception);
    }

    public void Dispose()
    {
        _tooMany.Dispose();
        _noMemory.Dispose();
        _tooManyOfAddress.Dispose();
        _operators.Dispose();
        _failed.Dispose();
    }
}
