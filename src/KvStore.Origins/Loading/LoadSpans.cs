using System.Diagnostics;

namespace KvStore.Origins;

/// <summary>
/// The spans of calls of an origin, as long as there is a listener. The span of a load belongs to the trace of the first recorded request that caused one of its loads, and is linked with
/// the spans of the others, in both directions: a trace shows what its request waited for. Spans have no key.
/// </summary>
internal static class LoadSpans
{
    private static readonly ActivitySource Source = new(StoreMetrics.MeterName);

    /// <summary>The span of the current request; null unless it is recorded and there is a listener.</summary>
    public static Activity? Caller => Source.HasListeners() && Activity.Current is { Recorded: true } caller ? caller : null;

    /// <summary>Begins the span of a call, which ends when it is disposed; null when no request that caused it is recorded.</summary>
    public static Activity? Begin(string origin, IReadOnlyList<Load> loads)
    {
        if (!Source.HasListeners() || loads.Select(load => load.Caller).OfType<Activity>().Distinct().ToList() is not [var first, .. var others])
            return null;
        var span = Source.StartActivity("load", ActivityKind.Client, first.Context, links: others.Select(caller => new ActivityLink(caller.Context)));
        if (span is null)
            return null;
        foreach (var caller in others)
            caller.AddLink(new ActivityLink(span.Context));
        return span.SetTag("kvstore.origin", origin).SetTag("kvstore.load.keys", loads.Count);
    }

    /// <summary>Begins the span of a write, which ends when it is disposed; null without a listener.</summary>
    public static Activity? BeginWrite(string origin) => Source.StartActivity("write", ActivityKind.Client)?.SetTag("kvstore.origin", origin);
}
