namespace KvStore.Origins.Tests;

public sealed class WorkerTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Workers_WhileLoadsWait_GrowToTheMaximum_ThenShrink()
    {
        await using var bench = new PoolBench();
        var gate = new Gate();
        bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        Assert.Equal(2, bench.Status.Workers);
        var requests = Enumerable.Range(0, 3).Select(bench.LoadAsync).ToList();
        await bench.SettleAsync();
        Assert.Equal((2, 2, 1), (bench.Status.Workers, bench.Source.InFlight, bench.Status.Queued));
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(49), Millisecond);
        Assert.Equal(2, bench.Status.Workers);
        await bench.AdvanceAsync(Millisecond, Millisecond);
        Assert.Equal((3, 3, 0), (bench.Status.Workers, bench.Source.InFlight, bench.Status.Queued));

        // So many would wait for longer than that, which is clear at once.
        requests.AddRange(Enumerable.Range(3, 97).Select(bench.LoadAsync));
        await bench.SettleAsync();
        Assert.Equal((32, 32, 68), (bench.Status.Workers, bench.Source.InFlight, bench.Status.Queued));
        await bench.AdvanceAsync(Second, TimeSpan.FromMilliseconds(50));
        Assert.Equal(32, bench.Status.Workers);
        gate.Open();
        await Task.WhenAll(requests).Within();
        await bench.AdvanceAsync(29 * Second, Second);
        Assert.Equal(32, bench.Status.Workers);
        await bench.AdvanceAsync(31 * Second, Second);
        Assert.Equal((2, 0), (bench.Status.Workers, bench.Status.Queued));
        Assert.Equal(32, bench.Source.InFlightMax);
    }

    /// <summary>Few workers are enough for an origin that answers quickly, and one that is known to be slow gets more for a single load that would wait.</summary>
    [Theory]
    [InlineData(1, 100, 2)]
    [InlineData(1, 103, 32)]
    [InlineData(1_000, 3, 3)]
    public async Task Workers_WhenCallsAreKnownToTake_GrowByWhatWouldWait(int milliseconds, int loads, int workers)
    {
        await using var bench = new PoolBench();
        bench.Source.Answer(async _ =>
        {
            await bench.Source.DelayAsync(TimeSpan.FromMilliseconds(milliseconds));
            return ScriptedSource.Value;
        });
        var first = bench.LoadAsync(-1);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(milliseconds), TimeSpan.FromMilliseconds(milliseconds));
        await first.Within();
        var requests = Enumerable.Range(0, loads).Select(bench.LoadAsync).ToArray();
        await bench.SettleAsync();
        var grown = bench.Status.Workers;
        await bench.AdvanceAsync(loads * TimeSpan.FromMilliseconds(milliseconds), TimeSpan.FromMilliseconds(milliseconds));
        await Task.WhenAll(requests).Within();
        Assert.Equal(workers, grown);
    }

    [Fact]
    public async Task Workers_FewLoadsNowAndThen_ShrinkAllTheSame()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 1_000, Burst = 1_000 } });
        var gate = new Gate();
        bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        var requests = Enumerable.Range(0, 32).Select(bench.LoadAsync).ToArray();
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(50), Millisecond);
        Assert.Equal(32, bench.Status.Workers);
        gate.Open();
        await Task.WhenAll(requests).Within();

        // Each of the idle workers gets one of them in turn, so none is idle for long.
        for (var i = 0; i < 70; i++)
        {
            await bench.LoadAsync(100 + i).Within();
            await bench.AdvanceAsync(Second, Second);
        }

        Assert.Equal(2, bench.Status.Workers);
    }

    [Fact]
    public async Task Workers_WhileTokensAreOut_DoNotGrow()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 1, Burst = 2 } });
        var requests = Enumerable.Range(0, 5).Select(bench.LoadAsync).ToArray();
        await bench.AdvanceAsync(3 * Second, TimeSpan.FromMilliseconds(50));
        await Task.WhenAll(requests).Within();
        Assert.Equal((2, 5), (bench.Status.Workers, bench.Calls));
    }

    /// <summary>100 users ask for 100 hotels each of an origin that takes 50 ms: a call for each hotel, in as few rounds as the workers can, within the tokens.</summary>
    [Theory]
    [InlineData(100_000, 100_000, 4 * 50)]
    [InlineData(20, 40, 3_000)]
    [InlineData(100, 10, 900)]
    public async Task HotelCase_InSteppedTime_IsAsFastAsWorkersAndTokensAllow(int perSecond, int burst, int expected)
    {
        await using var bench = new PoolBench(options => options with
        {
            Tokens = new() { PerSecond = perSecond, Burst = burst },
        });
        bench.Source.Answer(async _ =>
        {
            await bench.Source.DelayAsync(TimeSpan.FromMilliseconds(50));
            return ScriptedSource.Value;
        });
        var users = Enumerable.Range(0, 100).Select(_ => Task.WhenAll(Enumerable.Range(0, 100).Select(bench.LoadAsync))).ToArray();
        for (var elapsed = 0; bench.Status.Loads > 0; elapsed++)
        {
            Assert.InRange(elapsed, 0, (int)(1.2 * expected));
            await bench.AdvanceAsync(Millisecond, Millisecond);
        }

        await Task.WhenAll(users).Within();
        Assert.Equal((100, 100 * 99, 0), (bench.Calls, bench.Status.Collapsed, bench.Status.RepeatedCalls));
        long[] calls = [.. bench.Source.Calls.Select(call => call.At)];
        Assert.All(calls, from => Assert.InRange(calls.Count(at => at >= from && at < from + TimeSpan.TicksPerSecond), 1, perSecond + burst));
        await bench.AdvanceAsync(61 * Second, Second);
        Assert.Equal(2, bench.Status.Workers);
    }
}
