namespace KvStore.Origins.Tests;

public sealed class RetryTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task LoadAsync_FailureOfTheOrigin_IsRepeatedAndPaysATokenEach()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 0.001, Burst = 10 } });
        var left = 2;
        bench.Source.Answer(_ => Task.FromResult(left-- > 0 ? ScriptedSource.Ill : ScriptedSource.Value));
        var request = bench.LoadAsync(1);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(300), Millisecond);
        Assert.IsType<LoadResult.Found>((await request.Within()).Result);
        long[] calls = [.. bench.Source.Calls.Select(call => call.At / TimeSpan.TicksPerMillisecond)];
        Assert.Equal(3, calls.Length);
        Assert.InRange(calls[1] - calls[0], 50, 100);
        Assert.InRange(calls[2] - calls[1], 100, 200);
        Assert.Equal((7, 3, 2, 0), (bench.Status.Tokens, bench.Status.Calls, bench.Status.RepeatedCalls, bench.Status.Failed));
    }

    [Fact]
    public async Task LoadAsync_OriginThatKeepsFailing_EndsAfterThreeCalls()
    {
        await using var bench = new PoolBench();
        bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Ill));
        var request = bench.LoadAsync(1);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(300), Millisecond);
        // It says when to try again: when the failure is forgotten.
        Assert.Equal((LoadResult.Failed)ScriptedSource.Ill with { RetryAfter = bench.Options.FailureFor }, (await request.Within()).Result);
        Assert.Equal(3, bench.Calls);
    }

    [Fact]
    public async Task LoadAsync_OtherLimitsOfCalls_AreKept()
    {
        await using var bench = new PoolBench(options => options with { Calls = new() { AttemptsMax = 5, Backoff = TimeSpan.FromMilliseconds(10), BreakerFailuresMax = 7, BreakerOpenFor = TimeSpan.FromSeconds(2) } });
        bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Ill));
        var request = bench.LoadAsync(1);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(150), Millisecond);
        Assert.IsType<LoadResult.Failed>((await request.Within()).Result);
        Assert.Equal(5, bench.Calls);
        var another = bench.LoadAsync(2);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(150), Millisecond);
        Assert.IsType<LoadResult.Failed>((await another.Within()).Result);
        Assert.Equal((7, BreakerState.Open), (bench.Calls, bench.Status.Breaker));
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(BreakerState.HalfOpen, bench.Status.Breaker);

    }

    [Fact]
    public async Task LoadAsync_Refusal_IsNotRepeated()
    {
        await using var bench = new PoolBench();
        bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Refused));
        Assert.Equal(LoadFailure.Refused, await bench.FailAsync(1));
        Assert.Equal(LoadFailure.Refused, await bench.FailAsync(1));
        Assert.Equal(1, bench.Calls);
    }

    [Fact]
    public async Task LoadAsync_NoTokenForARepetition_WaitsForIt()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 1, Burst = 1 } });
        bench.Source.Answer(_ => Task.FromResult(bench.Calls == 1 ? ScriptedSource.Ill : ScriptedSource.Value));
        var request = bench.LoadAsync(1);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(999), Millisecond);
        Assert.Equal(1, bench.Calls);
        await bench.AdvanceAsync(Millisecond, Millisecond);
        Assert.IsType<LoadResult.Found>((await request.Within()).Result);
    }

    [Fact]
    public async Task LoadAsync_RetryAfter_PausesEveryCall()
    {
        await using var bench = new PoolBench();
        bench.Source.Answer(_ => Task.FromResult(bench.Calls == 1 ? ScriptedSource.Throttled(3) : ScriptedSource.Value));
        Task<LoadAnswer>[] requests = [bench.LoadAsync(1)];
        await bench.CalledAsync(1);
        await Soon.UntilAsync(() => bench.Status.PauseLeft > TimeSpan.Zero);
        requests = [.. requests, bench.LoadAsync(2)];
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(2_999), Millisecond);
        Assert.Equal(1, bench.Calls);
        await bench.AdvanceAsync(Millisecond, Millisecond);
        Assert.All(await Task.WhenAll(requests).Within(), answer => Assert.IsType<LoadResult.Found>(answer.Result));
        Assert.Equal(3, bench.Calls);
        Assert.Contains(bench.Events, reported => reported.Kind == OriginEventKind.Paused);
    }

    [Fact]
    public async Task LoadAsync_PauseBeyondTheDeadline_FailsAtOnce()
    {
        await using var bench = new PoolBench(options => options with { Workers = new() { Min = 1, Max = 1 } });
        var gate = new Gate();
        bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Throttled(60);
        });
        var called = bench.LoadAsync(1);
        await gate.Reached;
        var waiting = bench.LoadAsync(2);
        gate.Open();
        foreach (var request in new[] { called, waiting, bench.LoadAsync(1), bench.LoadAsync(3) })
        {
            var failure = Assert.IsType<LoadResult.Failed>((await request.Within()).Result);
            Assert.Equal((LoadFailure.Throttled, TimeSpan.FromSeconds(60)), (failure.Kind, failure.RetryAfter));
        }

        Assert.False(bench.TryRefresh(4));
        Assert.Equal(1, bench.Calls);
    }

    [Fact]
    public async Task LoadAsync_NoTokenInTime_IsThrottledAndNotRemembered()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 0.08, Burst = 1 } });
        await bench.LoadAsync(1).Within();
        var request = bench.LoadAsync(2);
        await bench.SettleAsync();
        bench.Time.Advance(bench.Options.LoadTimeout);
        Assert.Equal(LoadFailure.Throttled, Assert.IsType<LoadResult.Failed>((await request.Within()).Result).Kind);
        var again = bench.LoadAsync(2);
        await bench.SettleAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.IsType<LoadResult.Found>((await again.Within()).Result);
    }

    [Fact]
    public async Task LoadAsync_TokenForALoadThatIsOver_IsKeptForTheNext()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 0.08, Burst = 1 } });
        await bench.LoadAsync(1).Within();
        var request = bench.LoadAsync(2);
        await bench.SettleAsync();
        bench.Time.Advance(bench.Options.LoadTimeout);
        Assert.IsType<LoadResult.Failed>((await request.Within()).Result);
        bench.Time.Advance(TimeSpan.FromSeconds(2.5));
        await bench.SettleAsync();
        Assert.Equal(1, bench.Status.Tokens);
        Assert.IsType<LoadResult.Found>((await bench.LoadAsync(3).Within()).Result);
    }

    [Fact]
    public async Task LoadAsync_OpenBreaker_FailsWithoutACallOrAToken()
    {
        await using var bench = new PoolBench(options => options with { Tokens = new() { PerSecond = 0.001, Burst = 100 }, FailureFor = TimeSpan.Zero });
        bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Ill));
        var requests = Enumerable.Range(0, 10).Select(bench.LoadAsync).ToArray();
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(300), Millisecond);
        await Task.WhenAll(requests).Within();
        Assert.Equal(BreakerState.Open, bench.Status.Breaker);
        var (calls, tokens) = (bench.Calls, bench.Status.Tokens);
        Assert.Equal(100 - calls, tokens);
        Assert.Equal(LoadFailure.BreakerOpen, await bench.FailAsync(1));
        Assert.Equal((calls, tokens), (bench.Calls, bench.Status.Tokens));

        // One call probes the origin; the others fail until it has ended.
        var gate = new Gate();
        bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        bench.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(BreakerState.HalfOpen, bench.Status.Breaker);
        var probe = bench.LoadAsync(20);
        await gate.Reached;
        Assert.Equal(LoadFailure.BreakerOpen, await bench.FailAsync(21));
        gate.Open();
        Assert.IsType<LoadResult.Found>((await probe.Within()).Result);
        Assert.IsType<LoadResult.Found>((await bench.LoadAsync(21).Within()).Result);
        Assert.Equal([OriginEventKind.BreakerOpened, OriginEventKind.BreakerClosed], bench.Events.Select(reported => reported.Kind));
    }

    [Fact]
    public async Task LoadAsync_KeyThatAlwaysFails_BlocksNoOther()
    {
        await using var bench = new PoolBench(options => options with { Workers = new() { Min = 1, Max = 1 } });
        bench.Source.Answer(key => Task.FromResult(key == PoolBench.KeyOf(0) ? ScriptedSource.Ill : ScriptedSource.Value));
        var bad = bench.LoadAsync(0);
        await bench.CalledAsync(1);
        await Task.WhenAll(Enumerable.Range(1, 100).Select(bench.LoadAsync)).Within();
        Assert.False(bad.IsCompleted);
        await bench.AdvanceAsync(TimeSpan.FromMilliseconds(300), Millisecond);
        Assert.IsType<LoadResult.Failed>((await bad.Within()).Result);
    }
}
