namespace KvStore.Origins.Tests;

public sealed class LoaderPoolTests : IAsyncDisposable
{
    private readonly PoolBench _bench = new();

    [Fact]
    public async Task LoadAsync_ManyRequestsForOneKey_OneCall()
    {
        var gate = new Gate();
        _bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Absent;
        });
        var requests = Enumerable.Range(0, _bench.Options.WaitersMax).Select(_ => _bench.LoadAsync(1)).ToArray();
        await gate.Reached;
        Assert.Equal((10_000, 1), (_bench.Status.Waiters, _bench.Status.Loads));
        Assert.Equal(LoadFailure.QueueFull, await _bench.FailAsync(1));
        Assert.Equal(LoadFailure.QueueFull, await _bench.FailAsync(2));
        gate.Open();
        var answers = await Task.WhenAll(requests).Within();
        Assert.All(answers, answer => Assert.IsType<LoadResult.Absent>(answer.Result));
        Assert.Equal(9_999, answers.Count(answer => answer.IsCollapsed));
        Assert.Equal((1, 9_999), (_bench.Calls, _bench.Status.Collapsed));
        await Soon.UntilAsync(() => _bench.Status.Waiters == 0);
    }

    [Fact]
    public async Task LoadAsync_FirstRequestLeaves_OthersGetTheAnswer()
    {
        var gate = new Gate();
        _bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        using var leaving = new CancellationTokenSource();
        var first = _bench.RequestAsync(1, leaving.Token);
        await gate.Reached;
        var second = _bench.LoadAsync(1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, _bench.Status.Waiters);
        gate.Open();
        Assert.True((await second.Within()).IsCollapsed);
        Assert.Equal(1, _bench.Calls);
    }

    [Fact]
    public async Task LoadAsync_AllRequestsLeave_TheAnswerIsStored()
    {
        var gate = new Gate();
        _bench.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        using var leaving = new CancellationTokenSource();
        var request = _bench.RequestAsync(1, leaving.Token);
        await gate.Reached;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal((0, 1), (_bench.Status.Waiters, _bench.Status.Loads));
        gate.Open();
        await Soon.UntilAsync(() => _bench.Target.Stored.ContainsKey(PoolBench.KeyOf(1)));
    }

    [Fact]
    public async Task LoadAsync_BeforeTheAnswerIsStored_WaitsForIt()
    {
        var storing = new Gate();
        _bench.Target.Storing = _ => storing.PassAsync();
        var first = _bench.LoadAsync(1);
        await storing.Reached;
        var second = _bench.LoadAsync(1);
        Assert.False(first.IsCompleted || second.IsCompleted);
        storing.Open();
        await Task.WhenAll(first, second).Within();
        Assert.Equal(1, _bench.Calls);
    }

    /// <summary>
    /// A request finds nothing in the store; a load of the key that is in progress stores its answer and ends; only then does the request come to the pool.
    /// </summary>
    [Fact]
    public async Task LoadAsync_JustAfterALoad_DoesNotLoadAgain()
    {
        var key = PoolBench.KeyOf(1);
        bool IsNeeded() => !_bench.Target.Stored.ContainsKey(key);
        Assert.NotNull(await _bench.Pool.LoadAsync(key, IsNeeded, TestContext.Current.CancellationToken).Within());
        Assert.Null(await _bench.Pool.LoadAsync(key, IsNeeded, TestContext.Current.CancellationToken).Within());
        Assert.True(_bench.Pool.TryRefresh(key, IsNeeded));
        Assert.Equal((1, 0, 0), (_bench.Calls, _bench.Status.Loads, _bench.Status.Waiters));
    }

    [Fact]
    public async Task LoadAsync_CallThatDoesNotEnd_TimesOutAndIsRemembered()
    {
        _bench.Source.Script = async (keys, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ScriptedSource.Repeat(ScriptedSource.Value, keys);
        };
        var request = _bench.LoadAsync(1);
        await _bench.CalledAsync(1);
        _bench.Time.Advance(_bench.Options.LoadTimeout - TimeSpan.FromTicks(1));
        Assert.False(request.IsCompleted);
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(LoadFailure.Timeout, Assert.IsType<LoadResult.Failed>((await request.Within()).Result).Kind);
        await Soon.UntilAsync(() => _bench.Source.InFlight == 0);

        // The same key is not asked for again while the failure is remembered; another is.
        var remembered = Assert.IsType<LoadResult.Failed>((await _bench.LoadAsync(1).Within()).Result);
        Assert.Equal((LoadFailure.Timeout, _bench.Options.FailureFor), (remembered.Kind, remembered.RetryAfter));
        Assert.Equal(1, _bench.Calls);
        _bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Value));
        Assert.IsType<LoadResult.Found>((await _bench.LoadAsync(2).Within()).Result);
        _bench.Time.Advance(_bench.Options.FailureFor);
        Assert.IsType<LoadResult.Found>((await _bench.LoadAsync(1).Within()).Result);
    }

    [Fact]
    public async Task TryRefresh_WhileRequestsWait_ComesAfterThem()
    {
        await using var bench = new PoolBench(options => options with { Workers = new() { Min = 1, Max = 1 } });
        var gate = new Gate();
        bench.Source.Answer(async key =>
        {
            if (key == PoolBench.KeyOf(0))
                await gate.PassAsync();
            return ScriptedSource.Value;
        });
        var first = bench.LoadAsync(0);
        await gate.Reached;
        Assert.True(bench.TryRefresh(1));
        Assert.True(bench.TryRefresh(2));
        Assert.True(bench.TryRefresh(2));
        Assert.True(bench.TryRefresh(3));
        Task[] requests = [first, bench.LoadAsync(4), bench.LoadAsync(3)];
        gate.Open();
        await Task.WhenAll(requests).Within();
        await bench.CalledAsync(5);
        await bench.SettleAsync();
        Assert.Equal("0 4 3 1 2".Split(' ').Select(number => Key.Parse(PoolBench.Prefix + number)), bench.Source.Calls.SelectMany(call => call.Keys));
    }

    [Fact]
    public async Task StopAsync_EndsWhatWaits_AndAwaitsCalls()
    {
        var pool = new PoolBench(options => options with { Workers = new() { Min = 1, Max = 1 } });
        var gate = new Gate();
        pool.Source.Answer(async _ =>
        {
            await gate.PassAsync();
            return ScriptedSource.Value;
        });
        var called = pool.LoadAsync(1);
        await gate.Reached;
        var waiting = pool.LoadAsync(2);
        var stopped = pool.Pool.StopAsync(TestContext.Current.CancellationToken);
        Assert.IsType<LoadResult.Failed>((await waiting.Within()).Result);
        Assert.Equal(LoadFailure.QueueFull, await pool.FailAsync(3));
        Assert.False(pool.TryRefresh(3));
        Assert.False(stopped.IsCompleted);
        gate.Open();
        Assert.IsType<LoadResult.Found>((await called.Within()).Result);
        await stopped.Within();
        await pool.DisposeAsync();
        Assert.True(pool.Source.IsDisposed);
        Assert.Equal(0, pool.Time.Timers);
    }

    [Fact]
    public async Task DisposeAsync_EndsCalls()
    {
        var bench = new PoolBench();
        bench.Source.Script = async (keys, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return [];
        };
        var request = bench.LoadAsync(1);
        await bench.CalledAsync(1);
        await bench.DisposeAsync();
        Assert.IsType<LoadResult.Failed>((await request.Within()).Result);
    }

    [Fact]
    public async Task LoadAsync_CodeThatThrows_FailsThatLoadAlone()
    {
        _bench.Target.Storing = key => key == PoolBench.KeyOf(1) ? throw new InvalidOperationException("storing") : Task.CompletedTask;
        Assert.Equal(LoadFailure.BadAnswer, await _bench.FailAsync(1));
        _bench.Target.Beginning = key => _ = key == PoolBench.KeyOf(2) ? throw new InvalidOperationException("beginning") : 0;
        Assert.Equal(LoadFailure.BadAnswer, await _bench.FailAsync(2));
        _bench.Source.Script = (keys, _) => Task.FromResult<LoadResult[]>([]);
        Assert.Equal(LoadFailure.BadAnswer, await _bench.FailAsync(3));
        _bench.Source.Answer(_ => Task.FromResult(ScriptedSource.Value));
        Assert.IsType<LoadResult.Found>((await _bench.LoadAsync(4).Within()).Result);
        Assert.Equal(3, _bench.Events.Count(reported => reported is { Kind: OriginEventKind.Faulted, Exception: InvalidOperationException }));
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
