using System.Diagnostics;

namespace KvStore.Fuzz;

/// <summary>Samples the service while something is done to it.</summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly ServiceProcess _service;
    private readonly NormalClient _client;
    private readonly WatchdogLimits _limits;
    private readonly CancellationTokenSource _end = new();
    private readonly long _outputAtBegin;
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly Task _running;
    private readonly ProcessFigures _first;
    private volatile ProcessFigures _last;
    private long _peakBytes;
    private volatile string? _violation;

    public Watchdog(ServiceProcess service, NormalClient client, WatchdogLimits limits)
    {
        (_service, _client, _limits) = (service, client, limits);
        _outputAtBegin = service.OutputBytes;
        _first = _last = (service.Id is { } id ? ProcessFigures.TryRead(id) : null) ?? new ProcessFigures(0, TimeSpan.Zero, 0);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The first limit that was exceeded.</summary>
    public string? Violation => _violation;

    public long PeakBytes => Interlocked.Read(ref _peakBytes);

    public long ResidentBytes => _last.ResidentBytes;

    public TimeSpan ProcessorTime => _last.ProcessorTime - _first.ProcessorTime;

    /// <summary>Bytes that the service has written to its files and its output.</summary>
    public long WrittenBytes => _last.WrittenBytes - _first.WrittenBytes;

    /// <summary>Bytes of log lines.</summary>
    public long OutputBytes => _service.OutputBytes - _outputAtBegin;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begin);

    /// <summary>Compares with the limits now.</summary>
    public void Sample()
    {
        if (_service.HasExited)
        {
            _violation ??= $"the service ended with code {_service.ExitCode} after {Elapsed.TotalSeconds:F1} s\n{_service.Transcript}";
            return;
        }

        if (_service.Id is { } id && ProcessFigures.TryRead(id) is { } figures)
        {
            _last = figures;
            Interlocked.Exchange(ref _peakBytes, Math.Max(_peakBytes, figures.ResidentBytes));
            if (figures.ResidentBytes > _limits.ResidentBytesMax)
                _violation ??= $"{figures.ResidentBytes >> 20} MiB of resident memory, more than {_limits.ResidentBytesMax >> 20}";
            if (WrittenBytes > _limits.WrittenBytesMax)
                _violation ??= $"{WrittenBytes >> 20} MiB were written to files, more than {_limits.WrittenBytesMax >> 20}";
        }

        if (OutputBytes > _limits.OutputBytesMax)
            _violation ??= $"{OutputBytes >> 10} KiB of log lines, more than {_limits.OutputBytesMax >> 10}";
        if (_client.LongestStall > _limits.StallMax)
            _violation ??= $"a well-behaved client waited for {_client.LongestStall.TotalSeconds:F1} s, longer than {_limits.StallMax.TotalSeconds:F1} s";
        if (_client.WrongReads > 0)
            _violation ??= "a well-behaved client did not read what it had written";
        if (_client.Statuses.GetValueOrDefault(500) > 0)
            _violation ??= "a well-behaved client was answered 500";
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            Sample();
            await Task.Delay(Interval, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
