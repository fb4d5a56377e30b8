namespace KvStore.Origins;

/// <summary>
/// The tokens of an origin: each call takes one, so that no more calls begin in any time T than burst + T × rate, and with a rate of 0 any number. Tokens are handed out in the order in
/// which they were asked for. A vendor's Retry-After pauses them. Any thread may use it.
/// </summary>
/// <remarks>
/// The generic cell rate algorithm (ITU-T I.371), in whole ticks of the clock, so that nothing is lost or won by rounding: the bucket is one time, at which it will be
/// full. A rate limiter of the framework can neither be paused nor follow a <see cref="TimeProvider"/>.
/// </remarks>
internal sealed class TokenBucket : IDisposable
{
    // A timer of the system is not more precise, and one that fires early would have to be set again.
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly int _burst;
    private readonly long _interval;
    private readonly long _pauseMax;

    // Guards all that follows.
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private long _fullAt;
    private long _pausedUntil;
    private long _waitedUntil;
    private bool _isTimerSet;

    /// <param name="options">The rate, and the burst, with which the bucket begins.</param>
    /// <param name="pauseMax">The longest pause.</param>
    /// <param name="time">The clock.</param>
    public TokenBucket(OriginTokenOptions options, TimeSpan pauseMax, TimeProvider time)
    {
        _time = time;
        _burst = options.Burst;
        _interval = options.PerSecond > 0 ? (long)Math.Ceiling(time.TimestampFrequency / options.PerSecond) : 0;
        _pauseMax = TicksOf(pauseMax);
        _fullAt = _pausedUntil = time.GetTimestamp();
        _timer = time.CreateTimer(static bucket => ((TokenBucket)bucket!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Callers that wait for a token. More would only wait too.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count(waiting => !waiting.Task.IsCompleted);
        }
    }

    /// <summary>Until when a caller has waited for a token: now, if one waits.</summary>
    public long WaitedUntil
    {
        get
        {
            lock (_lock)
                return _waiting.Count > 0 ? _time.GetTimestamp() : _waitedUntil;
        }
    }

    /// <summary>The tokens that can be taken now; 0 during a pause, and the burst if there is no bound.</summary>
    public int Available
    {
        get
        {
            lock (_lock)
                return CountNow(_burst);
        }
    }

    /// <summary>How many of so many calls could have a token now.</summary>
    public int Admit(int calls)
    {
        lock (_lock)
            return Math.Min(calls, CountNow(calls));
    }

    /// <summary>How long the pause lasts; zero if there is none.</summary>
    public TimeSpan PauseLeft
    {
        get
        {
            lock (_lock)
                return _time.GetElapsedTime(_time.GetTimestamp(), Math.Max(_pausedUntil, _time.GetTimestamp()));
        }
    }

    /// <summary>Takes a token, after those who asked before.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before there was a token; none is taken.</exception>
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource taken;
        lock (_lock)
        {
            if (_waiting.Count == 0 && WaitTicks() == 0)
            {
                Take();
                return;
            }

            taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(taken);
            SetTimer();
        }

        await using var registration = cancellationToken.UnsafeRegister(static (taken, token) => ((TaskCompletionSource)taken!).TrySetCanceled(token), taken);
        await taken.Task;
    }

    /// <summary>Puts back a token that was taken for a call that was not made.</summary>
    public void Return()
    {
        lock (_lock)
        {
            _fullAt -= _interval;
            HandOut();
        }
    }

    /// <summary>Hands out no token for some time, and then begins with one: the origin has just said that there were too many calls.</summary>
    /// <param name="length">Clamped to zero and the longest pause. A pause that would end before the present one does not shorten it.</param>
    public void Pause(TimeSpan length)
    {
        lock (_lock)
        {
            var until = _time.GetTimestamp() + Math.Clamp(TicksOf(length), 0, _pauseMax);
            _pausedUntil = Math.Max(_pausedUntil, until);
            _fullAt = Math.Max(_fullAt, until + ((_burst - 1) * _interval));
        }
    }

    /// <summary>Ends the timer. Callers that wait must be cancelled before.</summary>
    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        lock (_lock)
        {
            _isTimerSet = false;
            HandOut();
        }
    }

    private void HandOut()
    {
        while (_waiting.TryPeek(out var first))
        {
            _waitedUntil = _time.GetTimestamp();
            if (first.Task.IsCompleted)
            {
                _waiting.Dequeue();
            }
            else if (WaitTicks() == 0)
            {
                // The caller may be cancelled at this moment; then the token stays for the next one.
                if (_waiting.Dequeue().TrySetResult())
                    Take();
            }
            else
            {
                SetTimer();
                return;
            }
        }
    }

    private void Take() => _fullAt = Math.Max(_fullAt, _time.GetTimestamp()) + _interval;

    private int CountNow(int unbounded)
    {
        var now = _time.GetTimestamp();
        if (now < _pausedUntil || _waiting.Count > 0)
            return 0;
        return _interval == 0 ? unbounded : _burst - (int)((Math.Max(_fullAt - now, 0) + _interval - 1) / _interval);
    }

    private long WaitTicks()
    {
        var now = _time.GetTimestamp();
        return Math.Max(0, Math.Max(_pausedUntil, _fullAt - ((_burst - 1) * _interval)) - now);
    }

    private void SetTimer()
    {
        if (_isTimerSet)
            return;
        _isTimerSet = true;
        var steps = Math.Ceiling(WaitTicks() / (double)_time.TimestampFrequency / TimerStep.TotalSeconds);
        _timer.Change(TimerStep * Math.Max(steps, 1), Timeout.InfiniteTimeSpan);
    }

    private long TicksOf(TimeSpan length) => (long)Math.Min(length.TotalSeconds * _time.TimestampFrequency, long.MaxValue / 4);
}
