using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KvStore.Server;

/// <summary>
/// Counts requests by operation and status, and measures how long they took, named and labelled by OpenTelemetry's conventions for HTTP. Thread-safe.
/// </summary>
/// <remarks>Not ASP.NET Core's own histogram, because that has the requests that wait as long as their client wants.</remarks>
internal sealed class RequestMetrics
{
    /// <summary>The name for requests that are no operation of the OpenAPI document: Swagger UI, unknown paths.</summary>
    public const string Other = "other";

    private const int StatusMin = 100;

    private static readonly InstrumentAdvice<double> Advice = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    // Made once: as labels, numbers are objects.
    private static readonly object[] Statuses = [.. Enumerable.Range(StatusMin, 500).Select(status => (object)status)];

    private static readonly FrozenSet<string> Methods =
        FrozenSet.Create(StringComparer.Ordinal, "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE");

    private readonly ConcurrentDictionary<Endpoint, Labels> _labels = new(ReferenceEqualityComparer.Instance);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _refusals;
    private readonly Histogram<double> _durations;
    private readonly double _secondsPerTick;

    public RequestMetrics(IMeterFactory meters, TimeProvider time)
    {
        var meter = meters.Create(StoreMetrics.MeterName);
        _requests = meter.CreateCounter<long>("kvstore.http.requests", "{request}", "Requests that were answered.");
        _refusals = meter.CreateCounter<long>("kvstore.refusals", "{request}", "Requests that were answered with a problem, by its name.");
        _durations = meter.CreateHistogram("http.server.request.duration", "s", "How long requests took, except those whose client chose to wait.", null, Advice);
        _secondsPerTick = 1.0 / time.TimestampFrequency;
    }

    /// <summary>Counts a request that has its answer; its duration, in ticks of the service's clock, is null if it is client-paced and was slow.</summary>
    public void Add(HttpContext context, long? ticks)
    {
        var labels = context.GetEndpoint() is { } endpoint ? _labels.GetOrAdd(endpoint, Labels.Of) : Labels.None;
        var status = Statuses[Math.Clamp(context.Response.StatusCode - StatusMin, 0, Statuses.Length - 1)];
        _requests.Add(1, new("operation", labels.Operation), new("status", status));
        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest && Problem.Of(context) is { } problem)
            _refusals.Add(1, new KeyValuePair<string, object?>("reason", problem.Slug));
        if (ticks is not { } time || !_durations.Enabled)
            return;

        var request = context.Request;
        var tags = new TagList
        {
            { "http.request.method", Methods.TryGetValue(request.Method, out var method) ? method : "_OTHER" },
            { "http.response.status_code", status },
            { "url.scheme", request.Scheme },
        };
        if (labels.Route is { } route)
            tags.Add("http.route", route);
        _durations.Record(time * _secondsPerTick, tags);
    }

    /// <summary>What the requests of one endpoint have in common.</summary>
    private sealed record Labels(string Operation, string? Route)
    {
        public static readonly Labels None = new(Other, null);

        public static Labels Of(Endpoint endpoint) =>
            new(endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? Other, (endpoint as RouteEndpoint)?.RoutePattern.RawText);
    }
}
