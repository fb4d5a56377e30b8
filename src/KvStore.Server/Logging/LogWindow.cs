namespace KvStore.Server;

/// <summary>
/// Limits log lines per window of time and counts the others; the count is reported when the window ends, as the first line of
/// the next window. Thread-safe. The timer runs only while a window is open.
/// </summary>
internal sealed class LogWindow : IDisposable
{
    private readonly Lock _lock = new();
    private readonly int _linesMax;
    private readonly TimeSpan _length;
    private readonly Action<long> _report;
    private readonly ITimer _timer;

    // Guarded by the lock. Zero: no window is open.
    private long _lines;

    /// <param name="linesMax">Lines per window, at least 1.</param>
    /// <param name="length">The length of a window.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Receives the number of lines that were not admitted.</param>
    public LogWindow(int linesMax, TimeSpan length, TimeProvider time, Action<long> report)
    {
        _linesMax = linesMax;
        _length = length;
        _report = report;
        _timer = time.CreateTimer(static window => ((LogWindow)window!).End(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether one more line may be logged; if not, it is counted.</summary>
    public bool Admit()
    {
        lock (_lock)
        {
            if (_lines++ == 0)
                _timer.Change(_length, Timeout.InfiniteTimeSpan);
            return _lines <= _linesMax;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        End();
    }

    private void End()
    {
        long over;
        lock (_lock)
        {
            over = Math.Max(0, _lines - _linesMax);
            _lines = over > 0 ? 1 : 0;
            if (over > 0)
                _timer.Change(_length, Timeout.InfiniteTimeSpan);
        }

        if (over > 0)
            _report(over);
    }
}
