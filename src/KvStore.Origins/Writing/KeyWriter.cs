namespace KvStore.Origins;

/// <summary>
/// Writes of one key of an origin that are more than a put of the store: those that go through to the origin, and those that depend on what the key is, for which it is loaded first
/// unless it is fresh. Thread-safe.
/// </summary>
/// <remarks>
/// Writes of one key take turns in this process; those of other replicas are kept apart by guards. A client that leaves ends the wait for its turn or for a load, and nothing
/// after that.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="origin">The origin.</param>
/// <param name="pool">What loads from it.</param>
/// <param name="through">What writes to it; null unless its writes go through.</param>
/// <param name="time">The clock.</param>
internal sealed class KeyWriter(Store store, OriginState origin, LoaderPool pool, ThroughWriter? through, TimeProvider time)
{
    private static readonly TimeSpan RetryDefault = TimeSpan.FromSeconds(1);

    private readonly WriteTurns _turns = new(origin.Options.WaitersMax);

    private int _callsWaiting;

    /// <summary>Whether a transaction has to be written here. Others are submitted to the store, which rejects what it must.</summary>
    public bool Takes(Transaction transaction) =>
        transaction.Operations is [(Put or Delete or MergePatch or Increment) and var operation] && !OriginInterceptor.SetsExpiry(operation) && (through is not null || NeedsKey(transaction));

    /// <summary>Writes.</summary>
    /// <param name="transaction">A transaction that <see cref="Takes"/> accepts. Its guards are about its key.</param>
    /// <param name="leaving">Ends the wait until the write begins.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<KeyWriteResult> WriteAsync(Transaction transaction, CancellationToken leaving)
    {
        using var late = new CancellationTokenSource(origin.Options.LoadTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, leaving);
        try
        {
            using var turn = await _turns.EnterAsync(transaction.Operations[0].Key, ending.Token).ConfigureAwait(false);
            return turn is null ? new KeyWriteResult.Busy(RetryDefault) : await WriteInTurnAsync(transaction, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!leaving.IsCancellationRequested)
        {
            var mark = WriteMarks.Find(store.Latest, transaction.Operations[0].Key);
            return new KeyWriteResult.Busy(mark is { } present && origin.Marks?.LeftOf(present) is { } left && left > RetryDefault ? left : RetryDefault);
        }
    }

    // A write that waited for a connection of the origin with its mark in the store would keep the key from being stored, and its time-out would look like that of a write that was sent.
    private SemaphoreSlim Calls { get; } = new(origin.Options.Workers.Max);

    private static KeyWriteResult.NotCalled TooManyCalls { get; } = new(RetryDefault, "Too many writes wait for the origin.");

    // What a put without conditions does is the same whatever the key is.
    private static bool NeedsKey(Transaction transaction) => transaction.Operations[0] is not Put || !transaction.Guards.IsEmpty;

    private async Task<KeyWriteResult> WriteInTurnAsync(Transaction transaction, CancellationToken ending)
    {
        var key = transaction.Operations[0].Key;
        for (var isLoaded = false; ;)
        {
            if (store.State != StoreState.Running && await store.SubmitAsync(new Transaction([], [new Get(key)])).ConfigureAwait(false) is Outcome.NotApplied notRunning)
                return new KeyWriteResult.Submitted(notRunning);
            if (await store.ReadAsync(ending).ConfigureAwait(false) is not { } latest)
                return new KeyWriteResult.Submitted(new Outcome.NotApplied(NotAppliedReason.Unreachable));
            if (transaction.Idempotency is { } idempotency && latest.FindReserved(ReservedKind.Idempotency, idempotency.Key) is { } record)
                return new KeyWriteResult.Submitted(idempotency.Replay(latest.Revision, record));
            var state = origin.Evaluate(latest, key);
            if (state.IsBeingWritten)
            {
                await WaitForMarkAsync(latest, key, ending).ConfigureAwait(false);
                continue;
            }

            // What was loaded for this write is good for it, even if it is stale at once.
            if (NeedsKey(transaction) && origin.Options.HasSource && !state.IsFresh && (!isLoaded || state.Standing == KeyStanding.Unknown))
            {
                if (await LoadAsync(key, ending).ConfigureAwait(false) is { } failure)
                    return failure;
                isLoaded = true;
                continue;
            }

            if (through is not null && pool.FindObstacle() is { } obstacle)
                return new KeyWriteResult.NotCalled(obstacle.RetryAfter, obstacle.Detail);
            var ticket = origin.Begin(latest, key);
            if (await (through is null ? SubmitAsync(transaction, ticket) : WriteThroughAsync(through, latest, ticket, transaction, ending)).ConfigureAwait(false) is { } result)
                return result;
        }
    }

    // Null if the key has changed since the ticket.
    private async Task<KeyWriteResult?> WriteThroughAsync(ThroughWriter writer, Snapshot latest, LoadTicket ticket, Transaction transaction, CancellationToken ending)
    {
        try
        {
            if (Interlocked.Increment(ref _callsWaiting) > origin.Options.WaitersMax)
                return TooManyCalls;
            await Calls.WaitAsync(ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return TooManyCalls;
        }
        finally
        {
            Interlocked.Decrement(ref _callsWaiting);
        }

        try
        {
            return await writer.WriteAsync(latest, ticket, transaction).ConfigureAwait(false);
        }
        finally
        {
            Calls.Release();
        }
    }

    private async Task<KeyWriteResult?> LoadAsync(Key key, CancellationToken ending) =>
        await pool.LoadAsync(key, () => !origin.Evaluate(store.Latest, key).IsFresh, ending).ConfigureAwait(false) switch
        {
            { Result: LoadResult.Failed failed } => new KeyWriteResult.NotLoaded(failed),
            { Commit: LoadCommit.NotStored, Ticket.IsBeingWritten: false } => new KeyWriteResult.NotStored(),
            _ => null,
        };

    // Null if the key has changed since the ticket.
    private async Task<KeyWriteResult?> SubmitAsync(Transaction transaction, LoadTicket ticket)
    {
        var guarded = new Transaction([.. transaction.Guards, .. origin.GuardsOf(ticket, keepsEntry: false)], transaction.Operations) { Idempotency = transaction.Idempotency };
        var outcome = await store.SubmitAsync(guarded).ConfigureAwait(false);
        return outcome is Outcome.GuardsFailed failed && failed.Failed.Any(one => ReservedKeys.KindOf(one.Guard.Key.Utf8) != ReservedKind.None) ? null : new KeyWriteResult.Submitted(outcome);
    }

    // Another replica writes the key, or does not know what became of its write.
    private async Task WaitForMarkAsync(Snapshot latest, Key key, CancellationToken ending)
    {
        var left = WriteMarks.Find(latest, key) is { } mark ? origin.Marks!.LeftOf(mark) : TimeSpan.Zero;
        using var over = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, ending);
        try
        {
            await store.WaitForRevisionAsync(latest.Revision + 1, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            // The mark is out of force.
        }
    }
}
