using System.Diagnostics;

namespace KvStore;

/// <summary>
/// The spans of commits, one for each batch, as long as there is a listener. A span belongs to the trace of the batch's first recorded caller, and is
/// linked with the spans of all others, in both directions: a trace shows what its write waited for.
/// </summary>
internal static class CommitSpans
{
    private static readonly ActivitySource Source = new(StoreMetrics.MeterName);

    /// <summary>The span of the current caller; null unless it is recorded and there is a listener.</summary>
    public static Activity? Caller => Source.HasListeners() && Activity.Current is { Recorded: true } caller ? caller : null;

    /// <summary>Begins the span of a batch, which ends when it is disposed; null when no caller is recorded.</summary>
    /// <param name="batch">Its transactions.</param>
    public static Activity? Begin(IReadOnlyList<PendingTransaction> batch)
    {
        if (!Source.HasListeners())
            return null;
        var recorded = batch.Select(pending => pending.Caller).OfType<Activity>().Distinct().ToList();
        if (recorded is not [var first, .. var others])
            return null;

        var span = Source.StartActivity("commit", ActivityKind.Internal, first.Context, links: others.Select(caller => new ActivityLink(caller.Context)));
        if (span is null)
            return null;
        foreach (var caller in others)
            caller.AddLink(new ActivityLink(span.Context));
        return span.SetTag("kvstore.batch.operations", batch.Count);
    }
}
