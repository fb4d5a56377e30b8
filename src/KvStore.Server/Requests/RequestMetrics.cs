using System.Collections.Concurrent;

namespace KvStore.Server;

/// <summary>Counts requests by operation. Thread-safe.</summary>
internal sealed class RequestMetrics
{
    /// <summary>The name for requests that are no operation of the OpenAPI document: Swagger UI, unknown paths.</summary>
    public const string Other = "other";

    private readonly ConcurrentDictionary<Endpoint, OperationMetrics> _operations = new(ReferenceEqualityComparer.Instance);
    private readonly Func<Endpoint, OperationMetrics> _make;
    private readonly OperationMetrics _other;
    private readonly TimeProvider _time;

    public RequestMetrics(TimeProvider time)
    {
        _time = time;
        var bucketTicks = BucketSeconds.Select(seconds => (long)(seconds * time.TimestampFrequency)).ToArray();
        var other = new OperationMetrics(Other, bucketTicks);
        _make = endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>() is { } named ? new OperationMetrics(named.EndpointName, bucketTicks) : other;
        _other = other;
    }

    public static IReadOnlyList<double> BucketSeconds { get; } = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>The operations that had at least one request, by name.</summary>
    public IReadOnlyList<OperationMetrics> Operations =>
        [.. _operations.Values.Append(_other).Distinct().Where(operation => operation.CountByStatus().Any()).OrderBy(operation => operation.Name, StringComparer.Ordinal)];

    /// <summary>Counts a request that has its answer; its duration, in ticks of the service's clock, is null if it is client-paced and was slow.</summary>
    public void Add(HttpContext context, long? ticks)
    {
        var operation = context.GetEndpoint() is { } endpoint ? _operations.GetOrAdd(endpoint, _make) : _other;
        operation.Add(context.Response.StatusCode, ticks);
    }

    public double Seconds(long ticks) => (double)ticks / _time.TimestampFrequency;
}
