namespace KvStore;

/// <summary>
/// Waits until the snapshot has the commits that the log has reported: a log that shares a cluster may report them first. The wait is bounded, because the log
/// may never pass them. The owner loop waits; any thread may hurry it.
/// </summary>
#pragma warning disable CA1001 // The log may fail at any time, so nothing knows when to dispose of the token's source; it has no timer.
internal sealed class CommitDelivery(SnapshotPublisher publisher, TimeSpan waitMax, TimeProvider time)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _hurrying = new();

    /// <summary>Cancelled when nothing is worth waiting for any more.</summary>
    public CancellationToken Hurried => _hurrying.Token;

    public void Hurry() => _hurrying.Cancel();

    /// <summary>Waits. A caller whose commit is not delivered in time could not read its write, so its outcome becomes <see cref="Outcome.Unknown"/>.</summary>
    public ValueTask WaitAsync(Outcome[] outcomes)
    {
        // Not async: on one node this never waits and needs neither a timer nor a state machine.
        var last = LastCommitted(outcomes);
        return last <= publisher.Latest.Revision ? ValueTask.CompletedTask : WaitAsync(outcomes, last);
    }

    private async ValueTask WaitAsync(Outcome[] outcomes, long last)
    {
        try
        {
            using var bound = new CancellationTokenSource(waitMax, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, _hurrying.Token);
            await publisher.WaitForRevisionAsync(last, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            var delivered = publisher.Latest.Revision;
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i] is Outcome.Committed committed && committed.Revision > delivered)
                    outcomes[i] = Outcome.Unknown.Instance;
            }
        }
    }

    private static long LastCommitted(Outcome[] outcomes)
    {
        var last = 0L;
        foreach (var outcome in outcomes)
        {
            if (outcome is Outcome.Committed committed)
                last = Math.Max(last, committed.Revision);
        }

        return last;
    }
}
