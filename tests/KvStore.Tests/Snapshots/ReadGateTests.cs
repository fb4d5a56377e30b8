namespace KvStore.Tests;

public class ReadGateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Enter_AllRun_WaitsForOneToLeave()
    {
        var gate = new ReadGate(1, 1, TimeSpan.FromSeconds(5), _time);
        var first = await gate.EnterAsync(TestContext.Current.CancellationToken);
        var second = gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Equal((false, 1, 1), (second.IsCompleted, gate.Running, gate.Waiting));

        first!.Dispose();
        first.Dispose();
        using (await second.Within())
            Assert.Equal((1, 0), (gate.Running, gate.Waiting));
        Assert.Equal((0, 0L), (gate.Running, gate.Rejected));
    }

    [Fact]
    public async Task Enter_TooManyWait_IsRejectedAtOnce()
    {
        var gate = new ReadGate(1, 1, TimeSpan.FromSeconds(5), _time);
        using var first = await gate.EnterAsync(TestContext.Current.CancellationToken);
        _ = gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Null(await gate.EnterAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, gate.Rejected);
    }

    [Fact]
    public async Task Enter_WaitsTooLong_IsRejectedAndTakesNoPlace()
    {
        var gate = new ReadGate(1, 1, TimeSpan.FromSeconds(5), _time);
        var first = await gate.EnterAsync(TestContext.Current.CancellationToken);
        var second = gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await second.Within());

        first!.Dispose();
        Assert.Equal((0, 0, 1L), (gate.Running, gate.Waiting, gate.Rejected));
    }

    [Fact]
    public async Task Enter_CancelledWhileWaiting_TakesNoPlace()
    {
        var gate = new ReadGate(1, 1, TimeSpan.FromSeconds(5), _time);
        var first = await gate.EnterAsync(TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        var second = gate.EnterAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.Within());

        first!.Dispose();
        Assert.Equal((0, 0, 0L), (gate.Running, gate.Waiting, gate.Rejected));
    }

    [Fact]
    public async Task RetryAfter_SlowReads_IsWhenTheNextMayRun()
    {
        var gate = new ReadGate(1, 10, TimeSpan.FromSeconds(5), _time);
        Assert.Equal(TimeSpan.FromSeconds(1), gate.RetryAfter);
        for (var i = 0; i < 50; i++)
        {
            using var pass = await gate.EnterAsync(TestContext.Current.CancellationToken);
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        using var running = await gate.EnterAsync(TestContext.Current.CancellationToken);
        _ = gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.InRange(gate.RetryAfter, TimeSpan.FromSeconds(19), TimeSpan.FromSeconds(21));
    }

    [Fact]
    public async Task Enter_ManyAtOnce_NeverExceedTheLimit()
    {
        var gate = new ReadGate(2, 1000, TimeSpan.FromMinutes(1), TimeProvider.System);
        var running = 0;
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Task.Run(async () =>
        {
            using var cancellation = new CancellationTokenSource();
            var entering = gate.EnterAsync(cancellation.Token).AsTask();
            if (Random.Shared.Next(3) == 0)
                await cancellation.CancelAsync();
            try
            {
                using var pass = await entering;
                Assert.InRange(Interlocked.Increment(ref running), 1, 2);
                await Task.Yield();
                Interlocked.Decrement(ref running);
            }
            catch (OperationCanceledException)
            {
                // It left before it was let in.
            }
        }))).Within();
        Assert.Equal((0, 0), (gate.Running, gate.Waiting));
    }
}
