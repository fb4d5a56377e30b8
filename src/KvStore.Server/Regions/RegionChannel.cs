namespace KvStore.Server;

/// <summary>
/// One way of speaking with a region, a watch or the exchanges: whether it works, and for how long it rests after a failure. Thread-safe.
/// </summary>
/// <param name="backoffMax">The longest pause.</param>
/// <param name="report">Called when it fails, with the sentence, and when it works again, with null.</param>
/// <param name="time">The clock.</param>
internal sealed class RegionChannel(TimeSpan backoffMax, Action<string?> report, TimeProvider time)
{
    private static readonly TimeSpan BackoffMin = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();

    // Guarded by the lock.
    private int _failures;
    private long _failedAt;
    private TimeSpan _pause;
    private DateTimeOffset? _worksSince;
    private DateTimeOffset? _contact;
    private RegionError? _lastError;

    /// <summary>Since when it works; null while it does not.</summary>
    public DateTimeOffset? WorksSince
    {
        get
        {
            lock (_lock)
                return _worksSince;
        }
    }

    /// <summary>When the region answered last.</summary>
    public DateTimeOffset? LastContact
    {
        get
        {
            lock (_lock)
                return _contact;
        }
    }

    /// <summary>What went wrong last; kept when it works again.</summary>
    public RegionError? LastError
    {
        get
        {
            lock (_lock)
                return _lastError;
        }
    }

    /// <summary>The pause after some failures in a row: twice as long after each, and up to half of it by chance, so that many do not come back at once.</summary>
    public static TimeSpan BackoffAfter(int failures, TimeSpan max)
    {
        var full = BackoffMin * Math.Pow(2, Math.Min(failures, 20));
        return (full < max ? full : max) * (1 - (Random.Shared.NextDouble() / 2));
    }

    /// <summary>The region has answered as it should.</summary>
    public void Succeed()
    {
        var isReturn = false;
        lock (_lock)
        {
            _contact = time.GetUtcNow();
            isReturn = _failures > 0;
            _worksSince ??= _contact;
            _failures = 0;
        }

        if (isReturn)
            report(null);
    }

    /// <summary>The region cannot be used.</summary>
    /// <param name="sentence">Why.</param>
    /// <param name="retryAfter">How long the region wants to be left alone; null if it did not say.</param>
    /// <param name="beganAt">When the call began. Calls that were under way when another one failed say nothing new.</param>
    public void Fail(string sentence, TimeSpan? retryAfter, long beganAt)
    {
        var isFirst = false;
        lock (_lock)
        {
            if (_failures > 0 && beganAt < _failedAt)
                return;
            _lastError = new RegionError(sentence, time.GetUtcNow());
            _failedAt = time.GetTimestamp();
            _pause = BackoffAfter(_failures, backoffMax);
            if (retryAfter is { } wanted && wanted > _pause)
                _pause = wanted < backoffMax ? wanted : backoffMax;
            isFirst = _failures++ == 0;
            _worksSince = null;
        }

        if (isFirst)
            report(sentence);
    }

    /// <summary>Waits until the pause is over.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (Left() is var left && left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellationToken);
    }

    private TimeSpan Left()
    {
        lock (_lock)
            return _failures == 0 ? TimeSpan.Zero : _pause - time.GetElapsedTime(_failedAt);
    }
}

/// <summary>What went wrong, as a sentence, and when.</summary>
internal sealed record RegionError(string Sentence, DateTimeOffset At);
