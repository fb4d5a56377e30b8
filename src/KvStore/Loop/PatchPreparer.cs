namespace KvStore;

/// <summary>
/// Submits transactions with merge patches, and prepares those of large values first, on the threads of their callers: the owner loop does
/// not scale with cores, and merging a megabyte would hold everyone else's writes for ten milliseconds. Thread-safe.
/// </summary>
/// <remarks>
/// A prepared patch is of use only if no one writes its key until it is committed. Patches of one key therefore take one lane, from their
/// preparation to their outcome, so they never spoil each other's. Only other writes of the key can, and after a few attempts the log's
/// thread merges that one patch itself. The number of lanes bounds the memory and the processor time of all this, and how many patches
/// the log's thread can have to merge at a time.
/// </remarks>
internal sealed class PatchPreparer(Func<Snapshot> latest, Func<Transaction, Task<Outcome>> submit, MemoryAccount memory, TimeSpan waitMax, TimeProvider time)
{
    private const int AttemptsMax = 3;

    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Submits a transaction with merge patches.</summary>
    public async Task<Outcome> SubmitAsync(Transaction transaction)
    {
        MergePatch[] patches = [.. transaction.Operations.OfType<MergePatch>()];
        var startedAt = time.GetTimestamp();
        var state = latest();
        if (!patches.Any(patch => patch.IsLargeIn(state)))
        {
            // A value that has become large meanwhile is found out by the log's thread.
            var outcome = await submit(transaction).ConfigureAwait(false);
            if (outcome is not Outcome.Rejected { Reason: RejectionReason.Unprepared })
                return outcome;
        }

        // The queue charges for the transaction only once it is submitted. One that has no room even in an empty queue is rejected there.
        var held = transaction.HeldBytes;
        if (held > memory.BytesMax)
            return await submit(transaction).ConfigureAwait(false);
        if (!memory.TryCharge(held))
            return new Outcome.NotApplied(NotAppliedReason.QueueFull);
        var lane = _lanes[(uint)patches[0].Key.GetHashCode() % _lanes.Length];
        try
        {
            await lane.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            memory.Release(held);
        }

        try
        {
            return await PrepareAndSubmitAsync(transaction, patches, startedAt).ConfigureAwait(false);
        }
        finally
        {
            lane.Release();
        }
    }

    private async Task<Outcome> PrepareAndSubmitAsync(Transaction transaction, MergePatch[] patches, long startedAt)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (time.GetElapsedTime(startedAt) > waitMax)
                return new Outcome.NotApplied(NotAppliedReason.WaitedTooLong);

            // This may be the thread that gives the callers of a batch their outcomes, and others wait for theirs.
            if (CallerAnswers.AreRunning)
                await Task.Yield();

            // Where a guard fails or a record answers, there is nothing to prepare for, unless that changes before the evaluation.
            var state = latest();
            foreach (var patch in patches)
            {
                if (attempt > 0 || IsEvaluatedIn(state, transaction))
                    patch.Prepare(state);
                if (attempt >= AttemptsMax)
                    patch.AllowUnprepared();
            }

            var outcome = await submit(transaction).ConfigureAwait(false);
            if (outcome is not Outcome.Rejected { Reason: RejectionReason.Unprepared })
                return outcome;
        }
    }

    private static bool IsEvaluatedIn(Snapshot state, Transaction transaction) =>
        (transaction.Idempotency is not { } idempotency || state.Find(idempotency.RecordKey) is null) &&
        transaction.Guards.All(guard => guard.Passes(state.Find(guard.Key)));
}
