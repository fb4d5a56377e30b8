using System.Threading.Channels;

namespace KvStore.Extensions.Tests;

/// <summary>A clock for a holder with a lease of 30 seconds, which knows when the holder has begun to wait for its next renewal.</summary>
internal sealed class LeaseClock
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Channel<TimeSpan> _pauses = Channel.CreateUnbounded<TimeSpan>();

    public LeaseClock() => Time.TimerCreated = due =>
    {
        if (due == Pause)
            _pauses.Writer.TryWrite(due);
    };

    public ObservedTime Time { get; } = new();

    /// <summary>Waits until the holder waits for its next renewal, and lets it begin.</summary>
    public async Task AdvanceToRenewalAsync()
    {
        await _pauses.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Within();
        Time.Advance(Pause);
    }

    /// <summary>Waits until the lock was acquired or renewed, and its holder waits.</summary>
    public Task RenewedAsync() => _pauses.Reader.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask().Within();
}
