using System.Diagnostics;
using System.Net;

namespace KvStore.Cli;

/// <summary>What a load consists of. Immutable.</summary>
/// <param name="Duration">How long it lasts.</param>
/// <param name="Connections">How many calls are underway at a time.</param>
/// <param name="ReadPercent">How many of 100 calls are reads.</param>
/// <param name="ValueBytes">The size of each value.</param>
/// <param name="Keys">How many keys there are, chosen at random.</param>
/// <param name="Prefix">What they begin with.</param>
internal sealed record LoadPlan(TimeSpan Duration, int Connections, int ReadPercent, int ValueBytes, int Keys, string Prefix);

/// <summary>A load of reads and writes: each of its workers makes one call after the other.</summary>
internal sealed class LoadRun(IKvStoreClient client, LoadPlan plan)
{
    private long _failures;
    private string? _firstFailure;

    public LatencyHistogram Reads { get; } = new();

    public LatencyHistogram Writes { get; } = new();

    public long Failures => _failures;

    /// <summary>What the first call that failed said; null if none did.</summary>
    public string? FirstFailure => _firstFailure;

    public TimeSpan Elapsed { get; private set; }

    public string KeyOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{plan.Prefix}{number:d6}");

    /// <summary>Stores every key once, so that no read finds nothing.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var value = NewValue();
        var options = new ParallelOptions { MaxDegreeOfParallelism = plan.Connections, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, plan.Keys, options, async (number, token) => await PutAsync(number, value, token));
    }

    /// <summary>Runs the load until its time is up, or it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, plan.Connections).Select(_ => WorkAsync(start, cancellationToken)));
        Elapsed = Stopwatch.GetElapsedTime(start);
    }

    private async Task WorkAsync(long start, CancellationToken cancellationToken)
    {
        var value = NewValue();
        var random = new Random();
        while (Stopwatch.GetElapsedTime(start) < plan.Duration && !cancellationToken.IsCancellationRequested)
        {
            var (isRead, number) = (random.Next(100) < plan.ReadPercent, random.Next(plan.Keys));
            var begin = Stopwatch.GetTimestamp();
            try
            {
                if (isRead)
                    await client.GetAsync(KeyOf(number), cancellationToken: cancellationToken);
                else
                    await PutAsync(number, value, cancellationToken);
                (isRead ? Reads : Writes).Add(Stopwatch.GetElapsedTime(begin));
            }
            catch (KvStoreException failure) when (failure.StatusCode is { } status && status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            {
                // A service under load refuses calls: that is a result. One that cannot be reached, or does not allow it, ends the run.
                Interlocked.Increment(ref _failures);
                Interlocked.CompareExchange(ref _firstFailure, failure.Message, null);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    // Without idempotency records, which would be most of what the service stores.
    private Task<KvWriteResult> PutAsync(int number, byte[] value, CancellationToken cancellationToken) =>
        client.PutAsync(KeyOf(number), value, options: new KvWriteOptions { IsIdempotent = true }, cancellationToken: cancellationToken);

    private byte[] NewValue()
    {
        var value = new byte[plan.ValueBytes];
        Random.Shared.NextBytes(value);
        return value;
    }
}
