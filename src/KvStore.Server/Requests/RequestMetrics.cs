using System.Collections.Concurrent;
using System.Collections.Frozen;
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

    // By operation, and then by status. Counted here and observed: an increment costs a tenth of what looking up the labels does for each request.
    private readonly ConcurrentDictionary<string, long[]> _requests = new(StringComparer.Ordinal);
    private readonly Labels _none;
    private readonly Counter<long> _refusals;
    private readonly Histogram<double> _durations;
    private readonly double _secondsPerTick;

    public RequestMetrics(IMeterFactory meters, TimeProvider time)
    {
        var meter = meters.Create(StoreMetrics.MeterName);
        meter.CreateObservableCounter("kvstore.http.requests", ObserveRequests, "{request}", "Requests that were answered.");
        _refusals = meter.CreateCounter<long>("kvstore.refusals", "{request}", "Requests that were answered with a problem, by its name.");
        _durations = meter.CreateHistogram("http.server.request.duration", "s", "How long requests took, except those whose client chose to wait.", null, Advice);
        _secondsPerTick = 1.0 / time.TimestampFrequency;
        _none = new Labels(CountsOf(Other), null);
    }

    /// <summary>Counts a request that has its answer; its duration, in ticks of the service's clock, is null if it is client-paced and was slow.</summary>
    public void Add(HttpContext context, long? ticks)
    {
        var labels = context.GetEndpoint() is { } endpoint ? _labels.GetOrAdd(endpoint, static (endpoint, metrics) => metrics.LabelsOf(endpoint), this) : _none;
        var number = Math.Clamp(context.Response.StatusCode - StatusMin, 0, Statuses.Length - 1);
        Interlocked.Increment(ref labels.Requests[number]);
        if (context.Response.StatusCode >= StatusCodes.Status400BadRequest && Problem.Of(context) is { } problem)
            _refusals.Add(1, new KeyValuePair<string, object?>("reason", problem.Slug));
        if (ticks is not { } time || !_durations.Enabled)
            return;

        _durations.Record(time * _secondsPerTick, labels.TagsOf(context.Request, number));
    }

    private Labels LabelsOf(Endpoint endpoint) =>
        new(CountsOf(endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? Other), (endpoint as RouteEndpoint)?.RoutePattern.RawText);

    private long[] CountsOf(string operation) => _requests.GetOrAdd(operation, static _ => new long[Statuses.Length]);

    private IEnumerable<Measurement<long>> ObserveRequests()
    {
        foreach (var (operation, counts) in _requests)
        {
            for (var i = 0; i < counts.Length; i++)
            {
                if (Interlocked.Read(ref counts[i]) is > 0 and var count)
                    yield return new(count, new KeyValuePair<string, object?>("operation", operation), new KeyValuePair<string, object?>("status", Statuses[i]));
            }
        }
    }

    /// <summary>What the requests of one endpoint have in common: the counters of its operation, by status, and its route.</summary>
    private sealed record Labels(long[] Requests, string? Route)
    {
        // The last tags of each status. Nearly all requests of an endpoint and a status have the same; a race makes some once more.
        private readonly Tags?[] _tags = new Tags?[Statuses.Length];

        public KeyValuePair<string, object?>[] TagsOf(HttpRequest request, int number)
        {
            var (method, scheme) = (request.Method, request.Scheme);
            if (_tags[number] is { } last && ReferenceEquals(last.Method, method) && ReferenceEquals(last.Scheme, scheme))
                return last.All;
            var tags = new Tags(method, scheme,
            [
                new("http.request.method", Methods.Contains(method) ? method : "_OTHER"),
                new("http.response.status_code", Statuses[number]),
                new("url.scheme", scheme),
                .. Route is null ? [] : new KeyValuePair<string, object?>[] { new("http.route", Route) },
            ]);
            _tags[number] = tags;
            return tags.All;
        }
    }

    private sealed record Tags(string Method, string Scheme, KeyValuePair<string, object?>[] All);
}
