namespace KvStore.Origins.Tests;

/// <summary>Random requests, failures and steps of time against a pool. What must hold whatever happens is checked at each step.</summary>
public sealed class LoaderModelTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    [Fact]
    public Task RandomLoads_KeepEveryPromise() => Seed.ForEachAsync(25, async seed =>
    {
        var random = new Random(seed);
        var (perSecond, burst, max) = (random.Next(5, 100), random.Next(1, 30), random.Next(2, 12));
        await using var bench = new PoolBench(options => options with
        {
            Tokens = new() { PerSecond = perSecond, Burst = burst },
            Workers = new() { Min = random.Next(1, max), Max = max, ShrinkAfter = TimeSpan.FromSeconds(1) },
            LoadTimeout = TimeSpan.FromSeconds(2),
            FailureFor = TimeSpan.FromMilliseconds(200),
            WaitersMax = 60,
        });
        bench.Source.Answer(_ => AnswerAsync(random, bench.Source));
        var requests = new List<(TimeSpan At, Task<LoadAnswer> Answer)>();
        using var leaving = new CancellationTokenSource();
        for (var step = 0; step < 400; step++)
        {
            for (var i = random.Next(step < 300 ? 6 : 1); i > 0; i--)
            {
                var key = random.Next(40);
                if (random.Next(5) == 0)
                    bench.TryRefresh(key);
                else
                    requests.Add((bench.Time.Elapsed, bench.RequestAsync(key, random.Next(10) == 0 ? leaving.Token : CancellationToken.None)));
            }

            if (step == 200)
                await leaving.CancelAsync();
            await bench.AdvanceAsync(Step, Step);
            CheckBounds(bench);
            await Soon.UntilAsync(() => requests.All(request => request.Answer.IsCompleted || bench.Time.Elapsed - request.At < bench.Options.LoadTimeout));
        }

        await bench.AdvanceAsync(bench.Options.LoadTimeout + (2 * bench.Options.Workers.ShrinkAfter), Step);
        await Soon.UntilAsync(() => requests.All(request => request.Answer.IsCompleted));
        Assert.Equal((0, 0, 0, bench.Options.Workers.Min), (bench.Status.Loads, bench.Status.Waiters, bench.Status.Queued, bench.Status.Workers));
        Assert.All(requests, request => Assert.False(request.Answer.IsFaulted));
        long[] calls = [.. bench.Source.Calls.Select(call => call.At)];
        Assert.All(calls, from => Assert.InRange(calls.Count(at => at >= from && at < from + TimeSpan.TicksPerSecond), 1, perSecond + burst));
        Assert.Equal(bench.Calls, bench.Status.Calls);
        Assert.Contains(requests, request => request.Answer.IsCompletedSuccessfully && request.Answer.Result.Result is LoadResult.Found);
        Assert.Equal(0, bench.Events.Count(reported => reported.Kind == OriginEventKind.Faulted));
    });

    private static void CheckBounds(PoolBench bench)
    {
        var status = bench.Status;
        Assert.InRange(status.Workers, bench.Options.Workers.Min, bench.Options.Workers.Max);
        Assert.InRange(bench.Source.InFlightMax, 0, bench.Options.Workers.Max);
        Assert.InRange(status.Waiters, 0, bench.Options.WaitersMax);
        Assert.InRange(status.Queued, 0, 2 * bench.Options.WaitersMax);
        Assert.InRange(status.Loads, 0, (2 * bench.Options.WaitersMax) + bench.Options.Workers.Max);
    }

    private static async Task<LoadResult> AnswerAsync(Random random, ScriptedSource source)
    {
        int choice, length;
        lock (random)
            (choice, length) = (random.Next(100), random.Next(200));
        await source.DelayAsync(TimeSpan.FromMilliseconds(length));
        return choice switch
        {
            < 20 => ScriptedSource.Ill,
            < 25 => ScriptedSource.Refused,
            < 28 => ScriptedSource.Throttled(length / 200.0),
            < 40 => ScriptedSource.Absent,
            _ => ScriptedSource.Value,
        };
    }
}
