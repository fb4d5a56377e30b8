namespace KvStore.Testing;

/// <summary>
/// A <see cref="FakeTimeProvider"/> that shows its timers. Code that waits for a timer often signals nothing else, and
/// <see cref="FakeTimeProvider"/> neither counts timers nor reports a new one.
/// </summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private int _timers;

    /// <summary>The number of timers that are not disposed of.</summary>
    public int Timers => Volatile.Read(ref _timers);

    public TimeSpan Elapsed => GetUtcNow() - Start;

    /// <summary>Called before a timer is created. An exception goes to its creator.</summary>
    public Action TimerCreating { get; set; } = () => { };

    /// <summary>Called with the due time of each new timer, on the thread that created it.</summary>
    public Action<TimeSpan> TimerCreated { get; set; } = _ => { };

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        TimerCreating();
        var timer = new Timer(this, base.CreateTimer(callback, state, dueTime, period));
        TimerCreated(dueTime);
        return timer;
    }

    private sealed class Timer : ITimer
    {
        private readonly ObservedTime _time;
        private readonly ITimer _timer;
        private int _isDisposed;

        public Timer(ObservedTime time, ITimer timer)
        {
            (_time, _timer) = (time, timer);
            Interlocked.Increment(ref time._timers);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => _timer.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                Interlocked.Decrement(ref _time._timers);
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
