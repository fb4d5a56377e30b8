namespace KvStore.Origins.Tests;

public sealed class GroupTests
{
    [Fact]
    public async Task Group_FullOrAfterTheWait_IsOneCall()
    {
        await using var bench = new PoolBench(keysMax: 10);
        var due = new TaskCompletionSource();
        bench.Time.TimerCreated = length =>
        {
            if (length == bench.Options.Http!.Batch!.Wait)
                due.TrySetResult();
        };
        var few = Enumerable.Range(0, 7).Select(bench.LoadAsync).ToArray();
        await due.Task.Within();
        Assert.Equal(0, bench.Calls);
        bench.Time.Advance(TimeSpan.FromMilliseconds(5));
        await Task.WhenAll(few).Within();
        Assert.Equal(7, Assert.Single(bench.Source.Calls).Keys.Length);

        // Full groups do not wait.
        await Task.WhenAll(Enumerable.Range(10, 30).Select(bench.LoadAsync)).Within();
        Assert.Equal(3, bench.Source.Calls.Count(call => call.Keys.Length == 10));
    }

    [Fact]
    public async Task Group_OneKeyFails_OthersDoNot()
    {
        await using var bench = new PoolBench(keysMax: 50);
        bench.Source.Answer(key => Task.FromResult(key == PoolBench.KeyOf(7) ? ScriptedSource.Refused : ScriptedSource.Value));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(bench.LoadAsync)).Within();
        Assert.Equal(49, answers.Count(answer => answer.Result is LoadResult.Found));
        Assert.Equal(1, bench.Calls);
    }

    /// <summary>The call as a whole fails while a bad key is in it. It is found by halves, with twice as many calls as there are of them and not one for each key.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Group_OneKeyFailsTheCall_IsFoundByHalves(bool isTransient)
    {
        await using var bench = new PoolBench(options => options with { Workers = new() { Min = 1, Max = 1 }, LoadTimeout = TimeSpan.FromDays(1) }, keysMax: 50);
        var bad = PoolBench.KeyOf(33);
        bench.Source.Script = (keys, _) => Task.FromResult(ScriptedSource.Repeat(
            !keys.Contains(bad) ? ScriptedSource.Value : isTransient ? ScriptedSource.Ill : ScriptedSource.Refused, keys));
        var requests = Enumerable.Range(0, 50).Select(bench.LoadAsync).ToArray();
        await Soon.UntilAsync(() =>
        {
            bench.Time.Advance(TimeSpan.FromMilliseconds(20));
            return requests.All(request => request.IsCompleted);
        });
        Assert.Equal(49, requests.Count(request => request.IsCompletedSuccessfully && request.Result.Result is LoadResult.Found));
        Assert.InRange(bench.Calls, 8, isTransient ? 40 : 16);
    }

    [Fact]
    public async Task Group_AndStop_Ends()
    {
        var bench = new PoolBench(keysMax: 10);
        var due = new TaskCompletionSource();
        bench.Time.TimerCreated = length => due.TrySetResult();
        var request = bench.LoadAsync(1);
        await due.Task.Within();
        await bench.DisposeAsync();
        Assert.IsType<LoadResult.Failed>((await request.Within()).Result);
        Assert.Equal((0, 0), (bench.Calls, bench.Time.Timers));
    }
}
