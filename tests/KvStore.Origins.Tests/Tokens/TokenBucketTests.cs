namespace KvStore.Origins.Tests;

public sealed class TokenBucketTests : IDisposable
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _time = new();
    private readonly TokenBucket _bucket;

    public TokenBucketTests() => _bucket = New(perSecond: 4, burst: 3);

    [Fact]
    public async Task TakeAsync_Burst_ThenAtTheRate()
    {
        for (var i = 3; i > 0; i--)
        {
            Assert.Equal(i, _bucket.Available);
            Assert.True(Take().IsCompletedSuccessfully);
        }

        Assert.Equal(0, _bucket.Available);
        Task[] waiting = [Take(), Take()];
        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.Equal(2, _bucket.Waiting);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting[0].Within();
        Assert.Equal(1, _bucket.Waiting);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await waiting[1].Within();
    }

    [Fact]
    public void TakeAsync_AfterALongTime_HasNoMoreThanTheBurst()
    {
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(3, _bucket.Available);
        for (var i = 0; i < 3; i++)
            Assert.True(Take().IsCompletedSuccessfully);
        Assert.False(Take().IsCompleted);
    }

    [Fact]
    public void TakeAsync_WithoutARate_NeverWaits()
    {
        using var bucket = New(perSecond: 0, burst: 1);
        for (var i = 0; i < 1_000; i++)
            Assert.True(bucket.TakeAsync(Token).AsTask().IsCompletedSuccessfully);
        Assert.Equal(1, bucket.Available);
        bucket.Pause(TimeSpan.FromSeconds(1));
        Assert.False(bucket.TakeAsync(Token).AsTask().IsCompleted);
    }

    [Fact]
    public async Task Pause_HandsOutNothing_ThenOneAtATime()
    {
        _bucket.Pause(TimeSpan.FromSeconds(10));
        Task[] waiting = [Take(), Take(), Take()];
        _bucket.Pause(TimeSpan.FromSeconds(1));
        Assert.Equal((TimeSpan.FromSeconds(10), 0), (_bucket.PauseLeft, _bucket.Available));
        _time.Advance(TimeSpan.FromMilliseconds(9_999));
        Assert.Equal(3, _bucket.Waiting);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting[0].Within();
        Assert.Equal((TimeSpan.Zero, 2), (_bucket.PauseLeft, _bucket.Waiting));
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await waiting[1].Within();
        Assert.Equal(1, _bucket.Waiting);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(7, 7)]
    [InlineData(86_400, 300)]
    [InlineData(1e15, 300)]
    public void Pause_Length_IsClamped(double asked, int seconds)
    {
        _bucket.Pause(asked > 1e9 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(asked));
        Assert.Equal(TimeSpan.FromSeconds(seconds), _bucket.PauseLeft);
    }

    [Fact]
    public async Task TakeAsync_Cancelled_LeavesItsTokenToTheNext()
    {
        for (var i = 0; i < 3; i++)
            await _bucket.TakeAsync(Token);
        using var cancellation = new CancellationTokenSource();
        var cancelled = _bucket.TakeAsync(cancellation.Token).AsTask();
        var next = Take();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await next.Within();
    }

    [Fact]
    public async Task Return_GivesTheTokenToTheNext()
    {
        for (var i = 0; i < 3; i++)
            await _bucket.TakeAsync(Token);
        var next = Take();
        _bucket.Return();
        await next.Within();
    }

    /// <summary>In no window more tokens than burst + rate × length, none in a pause, first come first served, and none is lost.</summary>
    [Fact]
    public Task RandomSteps_KeepTheBound() => Seed.ForEachAsync(30, async seed =>
    {
        var random = new Random(seed);
        var (perSecond, burst) = (random.Next(1, 2_000) / 7.0, random.Next(1, 50));
        using var bucket = New(perSecond, burst);
        var waiting = new List<(int Order, Task Task, CancellationTokenSource Cancellation)>();
        var taken = new List<(long At, int Order)>();
        var pausedUntil = 0L;
        for (var step = 0; step < 300; step++)
        {
            switch (random.Next(10))
            {
                case < 5:
                    var cancellation = new CancellationTokenSource();
                    waiting.Add((step, bucket.TakeAsync(cancellation.Token).AsTask(), cancellation));
                    break;
                case 5 when waiting.Count > 0:
                    await waiting[random.Next(waiting.Count)].Cancellation.CancelAsync();
                    break;
                case 6 when taken.Count > 0 && random.Next(3) == 0:
                    bucket.Return();
                    taken.RemoveAt(taken.Count - 1);
                    break;
                case 7 when random.Next(5) == 0:
                    var pause = TimeSpan.FromMilliseconds(random.Next(500));
                    bucket.Pause(pause);
                    pausedUntil = Math.Max(pausedUntil, _time.GetTimestamp() + pause.Ticks);
                    break;
                default:
                    _time.Advance(TimeSpan.FromMicroseconds(random.Next(random.Next(2) == 0 ? 2_000 : 200_000)));
                    break;
            }

            await SettleAsync(bucket, waiting, taken, pausedUntil);
        }

        for (var i = 0; waiting.Count > 0 && i < 1_000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1 / perSecond) + TimeSpan.FromMilliseconds(1));
            await SettleAsync(bucket, waiting, taken, pausedUntil);
        }

        Assert.Empty(waiting);
        for (var first = 0; first < taken.Count; first++)
        {
            for (var last = first; last < taken.Count; last++)
            {
                var seconds = (taken[last].At - taken[first].At) / (double)_time.TimestampFrequency;
                Assert.True(last - first + 1 <= burst + (perSecond * seconds) + 1e-6, $"{last - first + 1} tokens in {seconds} s with {perSecond}/s and {burst}");
            }
        }
    });

    public void Dispose() => _bucket.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task Take() => _bucket.TakeAsync(Token).AsTask();

    private TokenBucket New(double perSecond, int burst) => new(new OriginTokenOptions { PerSecond = perSecond, Burst = burst }, PauseMax, _time);

    // Tokens are handed out at once, but those that waited continue on other threads.
    private async Task SettleAsync(
        TokenBucket bucket, List<(int Order, Task Task, CancellationTokenSource Cancellation)> waiting, List<(long At, int Order)> taken, long pausedUntil)
    {
        await Soon.UntilAsync(() => waiting.Count(one => !one.Task.IsCompleted) == bucket.Waiting);
        foreach (var (order, task, cancellation) in waiting.Where(one => one.Task.IsCompleted).ToArray())
        {
            waiting.RemoveAll(one => one.Order == order);
            cancellation.Dispose();
            if (task.IsCanceled)
                continue;
            Assert.True(_time.GetTimestamp() >= pausedUntil, "a token in a pause");
            Assert.True(waiting.Where(one => !one.Task.IsCompleted).All(one => one.Order > order), "a later caller came first");
            taken.Add((_time.GetTimestamp(), order));
        }
    }
}
