namespace KvStore.Origins;

/// <summary>What became of a delivery.</summary>
internal enum DeliveryEnd
{
    /// <summary>The origin has what the key is, or there was nothing to deliver.</summary>
    Done,

    /// <summary>The key was written meanwhile: it is still dirty.</summary>
    Superseded,

    /// <summary>The key is parked.</summary>
    Parked,

    /// <summary>The origin answered that it failed. It counts as an attempt.</summary>
    Failed,

    /// <summary>Nothing is known of the key: the origin was not reached, or the store could not commit. It does not count.</summary>
    Postponed,
}

/// <summary>What became of a delivery, and when the next one makes sense.</summary>
/// <param name="End">What became of it.</param>
/// <param name="RetryAfter">For how long the origin asks for no call; else zero.</param>
internal readonly record struct Delivery(DeliveryEnd End, TimeSpan RetryAfter = default);

/// <summary>Delivers one key: tells the origin what it is now, and removes its mark. Thread-safe for different keys.</summary>
/// <param name="state">The origin.</param>
/// <param name="store">The store.</param>
/// <param name="caller">Calls the origin.</param>
/// <param name="gate">Whether the origin is called.</param>
/// <param name="report">Called with what an operator may want to know, from any thread. It must not throw.</param>
internal sealed class Deliverer(OriginState state, Store store, WriteCaller caller, OriginGate gate, Action<OriginEvent> report)
{
    private long _delivered;
    private long _failed;

    /// <summary>Deliveries that the origin accepted, since the start.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Deliveries that failed, since the start. Those for which the origin was not called do not count.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Delivers a key. Does not throw.</summary>
    /// <param name="key">The key. No other delivery of it is in progress.</param>
    /// <param name="failures">How many attempts have failed.</param>
    /// <param name="aborting">Ends the call of the origin.</param>
    public async Task<Delivery> DeliverAsync(Key key, int failures, CancellationToken aborting)
    {
        try
        {
            // Of several replicas, this one may be behind the others. What it sent would be older than what the origin has.
            if (await store.ReadAsync(aborting).ConfigureAwait(false) is not { } snapshot || store.Id is not { } id)
                return new(DeliveryEnd.Postponed);
            if (DeliveryTicket.Begin(state, id, snapshot, key) is not { } ticket)
                return new(DeliveryEnd.Done);
            var delivery = await DeliverAsync(ticket, failures, aborting).ConfigureAwait(false);

            // It was given up while it was sent. What has been loaded since then may be what the origin had before it got this.
            if (delivery.End != DeliveryEnd.Done && OutboxMarks.Find(store.Latest, key) is null)
                await store.SubmitAsync(state.Invalidate([key])).ConfigureAwait(false);
            return delivery;
        }
        catch (OperationCanceledException) when (aborting.IsCancellationRequested)
        {
            return new(DeliveryEnd.Postponed);
        }
        catch (Exception exception)
        {
            report(new(OriginEventKind.Faulted, "A delivery ended by an exception.", exception));
            return new(DeliveryEnd.Failed);
        }
    }

    private async Task<Delivery> DeliverAsync(DeliveryTicket ticket, int failures, CancellationToken aborting)
    {
        var result = await caller.WriteAsync(ticket.Write, aborting).ConfigureAwait(false);
        switch (result)
        {
            case WriteResult.Written:
                Interlocked.Increment(ref _delivered);
                return new(await RemoveAsync(ticket).ConfigureAwait(false));
            case WriteResult.Refused refused:
                Interlocked.Increment(ref _failed);
                return new(await ParkAsync(ticket, refused.Detail).ConfigureAwait(false));
            case WriteResult.Failed { IsUnreachable: true } or WriteResult.Failed { Kind: LoadFailure.Throttled }:
                return new(DeliveryEnd.Postponed, ((WriteResult.Failed)result).RetryAfter ?? TimeSpan.Zero);
            case WriteResult.Failed failed:
                Interlocked.Increment(ref _failed);

                // An origin that fails altogether says nothing of the key.
                if (aborting.IsCancellationRequested || gate.Breaker.State != BreakerState.Closed)
                    return new(DeliveryEnd.Postponed, failed.RetryAfter ?? TimeSpan.Zero);
                return failures + 1 >= state.Options.Outbox.AttemptsMax
                    ? new(await ParkAsync(ticket, failed.Detail).ConfigureAwait(false))
                    : new(DeliveryEnd.Failed, failed.RetryAfter ?? TimeSpan.Zero);
            default:
                throw new InvalidOperationException($"Unknown result {result.GetType().Name}.");
        }
    }

    private async Task<DeliveryEnd> RemoveAsync(DeliveryTicket ticket)
    {
        var outcome = state.IsTooOld(ticket.Before) ? null : await store.SubmitAsync(ticket.Delivered(state)).ConfigureAwait(false);
        if (outcome is null or Outcome.GuardsFailed)
            outcome = await store.SubmitAsync(ticket.DeliveredThenInvalid(state)).ConfigureAwait(false);
        if (IsFull(outcome))
            outcome = await store.SubmitAsync(ticket.DeliveredAlone()).ConfigureAwait(false);
        return EndOf(outcome, DeliveryEnd.Done);
    }

    private async Task<DeliveryEnd> ParkAsync(DeliveryTicket ticket, string reason)
    {
        if (OutboxMarks.Find(store.Latest, ticket.Write.Key) is not { } record || record.Revision != ticket.Write.Revision)
            return DeliveryEnd.Superseded;
        var outcome = await store.SubmitAsync(ticket.Parked(OutboxMark.Read(record), reason)).ConfigureAwait(false);

        // A full store has no room for the reason, and the origin is not asked again and again for that.
        if (IsFull(outcome))
            outcome = await store.SubmitAsync(ticket.Parked(OutboxMark.Read(record), "")).ConfigureAwait(false);
        var end = EndOf(outcome, DeliveryEnd.Parked);
        if (end == DeliveryEnd.Parked)
            report(new(OriginEventKind.Parked, $"The origin does not take a write, which is parked: {reason}"));
        return end;
    }

    private static bool IsFull(Outcome outcome) => outcome is Outcome.NotApplied { Reason: NotAppliedReason.MemoryFull or NotAppliedReason.NoSpace };

    private static DeliveryEnd EndOf(Outcome outcome, DeliveryEnd committed) => outcome switch
    {
        Outcome.Committed => committed,
        Outcome.GuardsFailed => DeliveryEnd.Superseded,
        _ => DeliveryEnd.Postponed,
    };
}
