using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace KvStore.Origins.Tests;

/// <summary>
/// 100 users ask for 100 hotels each, of vendors on a real web server that take 50 ms. What is counted is asserted; how long it took is printed beside what is physically
/// possible: keys / parallelism × latency.
/// </summary>
public sealed class HotelCaseTests : IAsyncLifetime
{
    private const int Users = 100;
    private const int Hotels = 100;
    private const int LatencyMilliseconds = 50;

    private readonly ConcurrentDictionary<string, int> _asked = [];
    private Vendor _vendor = null!;

    public async ValueTask InitializeAsync() => _vendor = await Vendor.StartAsync();

    public ValueTask DisposeAsync() => _vendor.DisposeAsync();

    [Fact]
    public async Task SlowVendor_IsCalledOnceForEachHotel()
    {
        _vendor.Answer = async context =>
        {
            await Task.Delay(LatencyMilliseconds, context.RequestAborted);
            await AnswerAsync(context);
        };
        await using var fan = new Fan(_vendor.Options());
        await fan.LoadAllAsync("slow, pool of 2 workers", Users, round: 0, LatencyMilliseconds * 4);
        await fan.LoadAllAsync("slow, pool of 32 workers", Users, round: 1, LatencyMilliseconds * 4);
        await fan.LoadAllAsync("slow, one user", users: 1, round: 2, LatencyMilliseconds * 4);
        Assert.Equal((32, 3 * Hotels), (fan.Pool.Status.Workers, _vendor.Calls.Count));
        Assert.All(_asked.Values, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task BatchedVendor_IsCalledForGroups()
    {
        _vendor.Answer = async context =>
        {
            await Task.Delay(LatencyMilliseconds, context.RequestAborted);
            var items = $"{context.Request.Query["hotels"]}".Split(',').Select(name => $$"""{"key": "{{name}}", "price": 1}""");
            await context.Response.WriteAsync($"[{string.Join(',', items)}]");
        };
        await LoadAllAsync("batched", _vendor.Options(new OriginBatchOptions { Url = $"{_vendor.Url}/many?hotels={{keys}}", KeysMax = 25 }), parallelism: 32, groupSize: 25);
        Assert.InRange(_vendor.Calls.Count, 4, Hotels / 2);
    }

    /// <summary>The vendor allows so many calls in a second, and answers 429 to others. With the tokens that it grants, it has to do so never.</summary>
    [Fact]
    public async Task VendorWithALimit_NeverSeesMore()
    {
        _vendor.Answer = AnswerAsync;
        var options = _vendor.Options() with { Tokens = new() { PerSecond = 40, Burst = 40 }, LoadTimeout = TimeSpan.FromMinutes(1) };
        var start = TimeProvider.System.GetTimestamp();
        await LoadAllAsync("limited", options, parallelism: 32, groupSize: 1);
        long[] calls = [.. _vendor.Calls.Select(call => call.At).Order()];
        Assert.Equal(Hotels, calls.Length);

        // From the start on, so that a machine that is slow does not matter: it can only make calls arrive later. Stepped time has the test of every window.
        for (var i = 0; i < calls.Length; i++)
            Assert.InRange(i + 1, 0, 40 + (40 * TimeProvider.System.GetElapsedTime(start, calls[i]).TotalSeconds));
    }

    [Fact]
    public async Task VendorThatAnswers429_IsObeyed()
    {
        var refused = new ConcurrentQueue<long>();
        _vendor.Answer = context =>
        {
            if (_vendor.Calls.Count is not (10 or 60))
                return AnswerAsync(context);
            refused.Enqueue(TimeProvider.System.GetTimestamp());
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        await LoadAllAsync("flaky", _vendor.Options() with { Workers = new() { Min = 1, Max = 1 } }, parallelism: 1, groupSize: 1);
        Assert.Equal(Hotels + 2, _vendor.Calls.Count);
        Assert.All(refused, at => Assert.DoesNotContain(_vendor.Calls, call => call.At > at && call.At < at + (TimeProvider.System.TimestampFrequency * 99 / 100)));
    }

    private Task AnswerAsync(HttpContext context)
    {
        _asked.AddOrUpdate(context.Request.Path.Value!, 1, (_, count) => count + 1);
        return context.Response.WriteAsync("100 EUR");
    }

    private static async Task LoadAllAsync(string name, OriginOptions options, int parallelism, int groupSize)
    {
        await using var fan = new Fan(options);
        await fan.LoadAllAsync(name, Users, round: 0, Math.Ceiling((double)Hotels / groupSize / parallelism) * LatencyMilliseconds);
    }

    private sealed class Fan : IAsyncDisposable
    {
        private readonly MemoryTarget _target = new();

        public Fan(OriginOptions options) =>
            Pool = new LoaderPool(options, new HttpOriginSource(options, 1_000, null, TimeProvider.System), _target, _ => { }, TimeProvider.System);

        public LoaderPool Pool { get; }

        /// <summary>Has so many users ask for hotels at once, which are others in each round.</summary>
        public async Task LoadAllAsync(string name, int users, int round, double limit)
        {
            Key[] keys = [.. Enumerable.Range(round * Hotels, Hotels).Select(PoolBench.KeyOf)];
            double[] elapsed = await Task.WhenAll(Enumerable.Range(0, users).Select(_ => Task.Run(() => LoadAsync(keys)))).Within();
            Assert.Equal(Hotels * (round + 1), _target.Stored.Values.OfType<LoadResult.Found>().Count());
            Array.Sort(elapsed);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}: p50 {elapsed[users / 2]:0} ms, p99 {elapsed[users * 99 / 100]:0} ms, limit {limit} ms, workers {Pool.Status.Workers}, calls {Pool.Status.Calls}"));
        }

        public ValueTask DisposeAsync() => Pool.DisposeAsync();

        private async Task<double> LoadAsync(Key[] keys)
        {
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(keys.Select(key => Pool.LoadAsync(key, () => !_target.Stored.ContainsKey(key), TestContext.Current.CancellationToken)));
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
