namespace KvStore.Origins;

/// <summary>Writes that go through: a mark in the store, a call of the origin, and a commit of what it has got. Thread-safe.</summary>
/// <param name="store">The store.</param>
/// <param name="origin">The origin.</param>
/// <param name="caller">What calls it.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Ends the calls in progress.</param>
internal sealed class ThroughWriter(Store store, OriginState origin, WriteCaller caller, TimeProvider time, CancellationToken stopping)
{
    private const string NotKept = "The origin has it, and it could not be stored here.";

    private readonly WriteCommits _commits = new(origin, time);

    /// <summary>Writes one key.</summary>
    /// <param name="latest">The state that the write is based on: a linearizable one, in which no other write of the key is in progress.</param>
    /// <param name="ticket">The ticket of that state.</param>
    /// <param name="transaction">The write.</param>
    /// <returns>Null if the key has changed since that state, so that nothing was done.</returns>
    public async Task<KeyWriteResult?> WriteAsync(Snapshot latest, LoadTicket ticket, Transaction transaction)
    {
        if (FindFailed(latest, transaction.Guards) is { Length: > 0 } failed)
            return new KeyWriteResult.Submitted(new Outcome.GuardsFailed(latest.Revision, failed));
        if (TryPrepare(latest, transaction.Operations[0], out var write) is { } rejection)
            return new KeyWriteResult.Submitted(new Outcome.Rejected(latest.Revision, rejection.Reason, rejection.Current));
        var began = time.GetTimestamp();
        switch (await store.SubmitAsync(_commits.Mark(latest, ticket, transaction)).ConfigureAwait(false))
        {
            case Outcome.Committed marked:
                return await CallAsync(ticket, marked.Revision, began, write!, transaction.Idempotency).ConfigureAwait(false);
            case Outcome.GuardsFailed:
                return null;
            case var other:
                return new KeyWriteResult.Submitted(other);
        }
    }

    private async Task<KeyWriteResult> CallAsync(LoadTicket ticket, long mark, long began, Operation write, Idempotency? idempotency)
    {
        if (time.GetElapsedTime(began) > WriteMarks.CallWithin)
            return await UndoAsync(ticket.Key, mark, new KeyWriteResult.NotCalled(null, "The store took so long that the origin was not called.")).ConfigureAwait(false);
        var put = write as Put;
        var result = await caller.WriteAsync(new OriginWrite(ticket.Key, put?.Value, put?.ContentType ?? "", mark, $"{store.Id}-{mark}"), stopping).ConfigureAwait(false);
        return result switch
        {
            WriteResult.Written => await StoreAsync(ticket, mark, write, idempotency).ConfigureAwait(false),
            WriteResult.Refused refused => await UndoAsync(ticket.Key, mark, new KeyWriteResult.Refused(refused.Detail)).ConfigureAwait(false),
            WriteResult.Failed { MayBeWritten: false } failed => await UndoAsync(ticket.Key, mark, new KeyWriteResult.NotCalled(failed.RetryAfter, failed.Detail)).ConfigureAwait(false),

            WriteResult.Failed failed => await LeaveAsync(ticket.Key, mark, new KeyWriteResult.Unknown(failed.Detail)).ConfigureAwait(false),
            _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
        };
    }

    private async Task<KeyWriteResult> StoreAsync(LoadTicket ticket, long mark, Operation write, Idempotency? idempotency)
    {
        var outcome = await store.SubmitAsync(_commits.Store(ticket, mark, write, idempotency, isFresh: true)).ConfigureAwait(false);
        if (outcome is Outcome.GuardsFailed)
            outcome = await store.SubmitAsync(_commits.Store(ticket, mark, write, idempotency, isFresh: false)).ConfigureAwait(false);
        if (outcome is Outcome.Committed or Outcome.Unknown)
            return new KeyWriteResult.Submitted(outcome);
        var result = new KeyWriteResult.Unknown(NotKept);
        return await store.SubmitAsync(_commits.Abandon(ticket.Key, mark)).ConfigureAwait(false) is Outcome.Committed ? result : await LeaveAsync(ticket.Key, mark, result).ConfigureAwait(false);
    }

    // A mark stays until it is out of force and the key is loaded. That is early if the clock has jumped, or this process was suspended: then what was loaded may be what the origin had
    // before it got the write, and is loaded again.
    private async Task<KeyWriteResult> LeaveAsync(Key key, long mark, KeyWriteResult result)
    {
        if (WriteMarks.Find(store.Latest, key)?.Revision != mark)
            await store.SubmitAsync(origin.Invalidate([key])).ConfigureAwait(false);
        return result;
    }

    // Should it fail, the mark is out of force after a while, and the key is loaded.
    private async Task<KeyWriteResult> UndoAsync(Key key, long mark, KeyWriteResult result)
    {
        await store.SubmitAsync(WriteCommits.Undo(key, mark)).ConfigureAwait(false);
        return result;
    }

    private static ImmutableArray<FailedGuard> FindFailed(Snapshot latest, ImmutableArray<Guard> guards) =>
        [.. guards.Select(guard => new FailedGuard(guard, latest.Find(guard.Key))).Where(one => !one.Guard.Passes(one.Current))];

    // The origin gets the whole value, so what depends on the entry is worked out first. The mark commits only if the entry is still the same.
    private Rejection? TryPrepare(Snapshot latest, Operation operation, out Operation? write)
    {
        write = operation;
        if (operation is not ReadModifyWrite)
            return null;
        (operation as MergePatch)?.Prepare(latest);
        var changes = new List<EntryChange>();
        var context = new EvaluationContext(latest.ToBuilder(), latest.Revision + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (operation.Evaluate(context, changes, out var result) is { } rejection)
            return rejection;
        var entry = changes is [{ Current: { } made }] ? made : throw new ArgumentException("A patch is guarded by the existence of its entry.", nameof(operation));
        write = new Put(entry.Key, entry.Value, entry.ContentType) { Memo = result.Number };
        return null;
    }
}
