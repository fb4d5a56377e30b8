using System.Diagnostics;

namespace KvStore.Extensions.HealthChecks;

/// <summary>Healthy if a linearizable read is answered in time, and a write if that is asked for: it goes all the way that the requests of the application go.</summary>
internal sealed class KvStoreHealthCheck(IKvStoreClient client, KvStoreHealthCheckOptions options) : IHealthCheck
{
    private static readonly TimeSpan WriteLifetime = TimeSpan.FromMinutes(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Timeout);
        var start = Stopwatch.GetTimestamp();
        try
        {
            if (options.Writes)
                await client.PutAsync(options.Key, ReadOnlyMemory<byte>.Empty, options: new KvWriteOptions { TimeToLive = WriteLifetime, IsIdempotent = true }, cancellationToken: timeout.Token).ConfigureAwait(false);
            await client.ExistsAsync(options.Key, cancellationToken: timeout.Token).ConfigureAwait(false);
        }
        catch (KvStoreException failure)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure, Data("problem", failure.Problem));
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"KvStore did not answer within {options.Timeout}.", failure);
        }

        var elapsed = Stopwatch.GetElapsedTime(start);
        var data = Data("milliseconds", elapsed.TotalMilliseconds);
        return elapsed > options.DegradedAfter
            ? HealthCheckResult.Degraded($"KvStore took {elapsed}, more than {options.DegradedAfter}.", data: data)
            : HealthCheckResult.Healthy("KvStore answers.", data);
    }

    private static Dictionary<string, object> Data(string name, object value) => new() { [name] = value };
}
