namespace KvStore.Tests;

/// <summary>A clock that stands still until it is told. It has no timers: whoever asks for one would wait for ever.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _milliseconds = 1_900_000_000_000;

    public DateTimeOffset Now => GetUtcNow();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref _milliseconds));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new InvalidOperationException("Nothing in the store may depend on a timer.");

    public void Advance(TimeSpan by) => Interlocked.Add(ref _milliseconds, (long)by.TotalMilliseconds);
}
