namespace KvStore.Tests;

/// <summary>A clock that goes on only when it is told to or, once it flows, when somebody waits for it: then by as long as they wait.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Action> _waiting = [];
    private readonly TaskCompletionSource _someoneWaits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _flows;
    private TimeSpan _elapsed;

    /// <summary>Ends when somebody waits for the clock for the first time.</summary>
    public Task SomeoneWaits => _someoneWaits.Task;

    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
                return _elapsed;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Elapsed;

    public void Advance(TimeSpan by)
    {
        lock (_lock)
            _elapsed += by;
    }

    /// <summary>From now on nobody who waits is held up.</summary>
    public void Flow()
    {
        lock (_lock)
        {
            _flows = true;
            _waiting.ForEach(wait => wait());
            _waiting.Clear();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _waiting.Add(() =>
            {
                _elapsed += dueTime;
                callback(state);
            });
            if (_flows)
                Flow();
        }

        _someoneWaits.TrySetResult();
        return new NoTimer();
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
