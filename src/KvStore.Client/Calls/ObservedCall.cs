using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KvStore.Client;

/// <summary>The names of what the client reports through <c>System.Diagnostics</c>; the README lists spans, instruments and tags.</summary>
public static class KvStoreClientTelemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/>: a span for each call, with all its attempts.</summary>
    public const string ActivitySourceName = "KvStore.Client";

    /// <summary>The name of the <see cref="Meter"/>: <c>kvstore.client.call.duration</c> and <c>kvstore.client.retries</c>.</summary>
    public const string MeterName = "KvStore.Client";
}

/// <summary>One call in spans and metrics. Without a listener there is none.</summary>
internal sealed class ObservedCall : IDisposable
{
    private static readonly ActivitySource Source = new(KvStoreClientTelemetry.ActivitySourceName);
    private static readonly Meter Meter = new(KvStoreClientTelemetry.MeterName);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "kvstore.client.call.duration", "s", "How long calls take, with all their attempts; of streams, to the first byte.");

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("kvstore.client.retries", "{retry}", "Attempts after the first one of a call.");

    private static readonly string[] Resources = ["/v1/kv/", "/v1/counters/", "/v1/crdt/"];

    private readonly string _operation;
    private readonly long _start;
    private readonly Activity? _activity;
    private string? _error;

    private ObservedCall(Call call, string address)
    {
        _operation = OperationOf(call);
        _start = Stopwatch.GetTimestamp();
        _activity = Source.StartActivity(_operation, ActivityKind.Client);
        if (_activity?.IsAllDataRequested != true)
            return;
        var server = new Uri(address);
        _activity.SetTag("db.system.name", "kvstore").SetTag("db.operation.name", _operation).SetTag("server.address", server.Host).SetTag("server.port", server.Port);
    }

    /// <summary>Begins to observe a call; null if there is no listener.</summary>
    public static ObservedCall? Begin(Call call, string address) =>
        Source.HasListeners() || Duration.Enabled || Retries.Enabled ? new ObservedCall(call, address) : null;

    public void Retry()
    {
        Retries.Add(1, Tag("db.operation.name", _operation));
        _activity?.AddEvent(new ActivityEvent("retry"));
    }

    /// <summary>Notes how the call failed. The absence of an entry is a result, also where the call throws it.</summary>
    public void Fail(KvStoreException failure)
    {
        if (failure.IsAbsence)
            return;
        _error = failure.Problem.Length > 0 ? failure.Problem : failure.StatusCode is { } status ? ((int)status).ToString(CultureInfo.InvariantCulture) : failure.InnerException?.GetType().Name ?? "failure";
        _activity?.SetStatus(ActivityStatusCode.Error, failure.Message).SetTag("error.type", _error);
    }

    public void Cancel()
    {
        _error = "cancelled";
        _activity?.SetTag("error.type", _error);
    }

    public void Dispose()
    {
        if (_error is null)
            Duration.Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, Tag("db.operation.name", _operation));
        else
            Duration.Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, Tag("db.operation.name", _operation), Tag("error.type", _error));
        _activity?.Dispose();
    }

    // The method and the route: as many as the API has, however many keys there are.
    internal static string OperationOf(Call call)
    {
        var query = call.Target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? call.Target : call.Target[..query];
        if (Resources.FirstOrDefault(resource => path.StartsWith(resource, StringComparison.Ordinal)) is { } found)
            path = found + "{key}";
        else if (path.StartsWith("/v1/origins/", StringComparison.Ordinal))
            path = "/v1/origins/{name}" + path[path.LastIndexOf('/')..];
        return $"{call.Method} {path}";
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
