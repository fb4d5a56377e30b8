using System.Diagnostics;
using KvStore.Client;
using KvStore.Extensions.Caching;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;

namespace KvStore.ExtensionsLoad;

/// <summary>
/// The same calls of IDistributedCache on KvStore and on Redis, one after the other in each round, so that both have the same machine. Times are of one call by one caller, and by 16 callers at once;
/// processor time is that of this process and of the service together.
/// </summary>
internal static class CachingLoad
{
    private const int Keys = 200;

    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(150);
    private static readonly DistributedCacheEntryOptions Absolute = new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) };
    private static readonly DistributedCacheEntryOptions Sliding = new() { SlidingExpiration = TimeSpan.FromHours(1) };

    private sealed record Contender(string Name, IDistributedCache Cache, int ServiceId);

    private sealed record Load(string Name, int Callers, Func<IDistributedCache, int, Task> Call);

    private readonly record struct Figure(double Microseconds, double Processor);

    public static async Task RunAsync(Uri kvstore, int kvstoreId, string redis, int redisId, int rounds)
    {
        using var client = new KvStoreClient(kvstore);
        using var redisCache = new RedisCache(new RedisCacheOptions { Configuration = redis });
        Contender[] contenders = [new("KvStore", new KvStoreCache(client), kvstoreId), new("Redis", redisCache, redisId)];
        var loads = LoadsOf(100, "100 B").Concat(LoadsOf(10 << 10, "10 KiB")).ToArray();
        foreach (var contender in contenders)
            await FillAsync(contender.Cache);

        var figures = new Dictionary<(string, string), List<Figure>>();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var load in loads)
            {
                foreach (var contender in round % 2 == 0 ? contenders : contenders.Reverse())
                {
                    var figure = await MeasureAsync(contender, load);
                    if (round >= 0)
                        (figures.TryGetValue((contender.Name, load.Name), out var list) ? list : figures[(contender.Name, load.Name)] = []).Add(figure);
                }
            }
        }

        Console.WriteLine($"medians of {rounds} rounds of {Length.TotalMilliseconds} ms; microseconds of one call, and of processor time for it");
        Console.WriteLine($"{"",-28} {"KvStore",10} {"Redis",10} {"ratio",6} {"(rounds)",14}   {"KvStore CPU",11} {"Redis CPU",10} {"ratio",6}");
        foreach (var load in loads)
        {
            var (ours, theirs) = (figures[("KvStore", load.Name)], figures[("Redis", load.Name)]);
            var ratios = ours.Zip(theirs, (one, other) => one.Microseconds / other.Microseconds).Order().ToArray();
            Console.WriteLine(
                $"{load.Name,-28} {Median(ours, f => f.Microseconds),10:F1} {Median(theirs, f => f.Microseconds),10:F1} {ratios[ratios.Length / 2],6:F2} {$"{ratios[0]:F2}-{ratios[^1]:F2}",14}   "
                + $"{Median(ours, f => f.Processor),11:F1} {Median(theirs, f => f.Processor),10:F1} {Median(ours, f => f.Processor) / Median(theirs, f => f.Processor),6:F2}");
        }
    }

    private static IEnumerable<Load> LoadsOf(int bytes, string size)
    {
        var value = new byte[bytes];
        Random.Shared.NextBytes(value);
        foreach (var callers in new[] { 1, 16 })
        {
            var by = callers == 1 ? "" : $", {callers} callers";
            yield return new Load($"get {size}{by}", callers, (cache, i) => cache.GetAsync($"absolute-{bytes}-{i % Keys}"));
            yield return new Load($"get sliding {size}{by}", callers, (cache, i) => cache.GetAsync($"sliding-{bytes}-{i % Keys}"));
            yield return new Load($"set {size}{by}", callers, (cache, i) => cache.SetAsync($"set-{bytes}-{i % Keys}", value, Absolute));
            yield return new Load($"refresh {size}{by}", callers, (cache, i) => cache.RefreshAsync($"sliding-{bytes}-{i % Keys}"));
        }
    }

    private static async Task FillAsync(IDistributedCache cache)
    {
        foreach (var bytes in new[] { 100, 10 << 10 })
        {
            for (var i = 0; i < Keys; i++)
            {
                await cache.SetAsync($"absolute-{bytes}-{i}", new byte[bytes], Absolute);
                await cache.SetAsync($"sliding-{bytes}-{i}", new byte[bytes], Sliding);
            }
        }
    }

    private static async Task<Figure> MeasureAsync(Contender contender, Load load)
    {
        var processor = ProcessorTime(contender.ServiceId) + ProcessorTime(Environment.ProcessId);
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, load.Callers).Select(async caller =>
        {
            await Task.Yield();
            var calls = 0;
            for (; Stopwatch.GetElapsedTime(start) < Length; calls++)
                await load.Call(contender.Cache, (caller * 31) + calls);
            return calls;
        }));
        var elapsed = Stopwatch.GetElapsedTime(start);
        processor = ProcessorTime(contender.ServiceId) + ProcessorTime(Environment.ProcessId) - processor;
        return new Figure(elapsed.TotalMicroseconds / counts.Sum(), processor.TotalMicroseconds / counts.Sum());
    }

    private static TimeSpan ProcessorTime(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime;
    }

    private static double Median(List<Figure> figures, Func<Figure, double> of)
    {
        var sorted = figures.Select(of).Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
