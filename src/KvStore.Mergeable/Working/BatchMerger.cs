namespace KvStore.Mergeable;

/// <summary>
/// Merges the requests of a batch into a value and commits them together, with a guard on the entry that they were merged into. If another process, a deletion or an
/// expiry was faster, they are merged anew into what there is then. One batch of a key at a time.
/// </summary>
internal sealed class BatchMerger(Store store, MergeableOptions options, ValueCache cache, DecodingGate gate, MergeableCounters counters, TimeProvider time)
{
    // Of one process against others of a cluster that write the same key all the time.
    private const int AttemptsMax = 20;

    /// <summary>Gives each request of a batch its result.</summary>
    public async Task RunAsync(Key key, IReadOnlyList<PendingMerge> batch)
    {
        var isWhole = false;
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if ((attempt == 0 ? store.Latest : await store.ReadAsync(CancellationToken.None).ConfigureAwait(false)) is not { } state)
            {
                PendingMerge.End(batch, new Outcome.NotApplied(NotAppliedReason.Unreachable));
                return;
            }

            var entry = state.Find(key);
            var at = new Moment(store.Id ?? default, state.Revision, DecodedValue.DayOf(time.GetUtcNow()));
            Evaluation? evaluation;
            DecodedValue? value;
            using (cache.Find(key) is not null && batch.Sum(pending => pending.Bytes) < DecodingGate.LargeBytes ? default : await gate.EnterAsync(CancellationToken.None).ConfigureAwait(false))
                evaluation = Evaluate(key, batch, entry, at, isWhole, out value);
            if (evaluation is null)
            {
                PendingMerge.Refuse(batch, MergeRefusal.NotMergeable, state.Revision);
                return;
            }

            if (!evaluation.TryWrite(key, at.Day, options.ValueBytesMax, out var operation))
            {
                GiveUp(evaluation.Value);
                if (value is not null && !isWhole)
                {
                    isWhole = true;
                    continue;
                }

                await RefuseTooLargeAsync(key, batch, state.Revision).ConfigureAwait(false);
                return;
            }

            if (await TryCommitAsync(key, batch, entry, evaluation, operation, state.Revision).ConfigureAwait(false))
                return;
        }

        PendingMerge.End(batch, new Outcome.NotApplied(NotAppliedReason.Overloaded));
    }

    /// <summary>Collects the garbage of a value, if this store is its hub and there is any.</summary>
    public async Task CollectAsync(Key key)
    {
        var state = store.Latest;
        if (state.Find(key) is not { IsMergeable: true } entry)
        {
            GiveUp(cache.Find(key));
            return;
        }

        var at = new Moment(store.Id ?? default, state.Revision, DecodedValue.DayOf(time.GetUtcNow()));
        if (!TryTake(key, entry, at, out var value))
            return;
        var retired = 0;
        var hasCollected = value!.Hub == at.Store.Value && value.Membership.TryCollect(
            value.Replica, ServerReplica.FormerIds(at.Store, at.Revision, value.Creation), at.Day, options.RetentionDays, out retired);
        value.CollectFrom = time.GetUtcNow() + options.CollectionInterval;
        if (!hasCollected)
        {
            GiveBack(value);
            return;
        }

        var operation = StoredOperation.Write(key, entry, value, value.Replica.Encode(), [], at.Day, default);
        if (await store.SubmitAsync(new Transaction([EntryGuard.Of(key, entry)], [operation])).ConfigureAwait(false) is Outcome.Committed committed)
        {
            counters.CountCollection(retired);
            Advance(key, value, committed, operation);
            GiveBack(value);
        }
        else
        {
            GiveUp(value);
        }
    }

    /// <summary>Whether a value is due for collection.</summary>
    public bool IsCollectionDue(Key key) => cache.Find(key) is { } value && value.CollectFrom <= time.GetUtcNow();

    // Null if the entry is no mergeable value.
    private Evaluation? Evaluate(Key key, IReadOnlyList<PendingMerge> batch, Entry? entry, Moment at, bool isWhole, out DecodedValue? value)
    {
        if (!TryTake(key, entry, at, out value))
            return null;
        var evaluation = Evaluation.Of(key, batch, entry, value, at, isWhole);
        if (evaluation.Value != value)
            GiveUp(value);
        return evaluation;
    }

    // Whether each request has its result.
    private async Task<bool> TryCommitAsync(Key key, IReadOnlyList<PendingMerge> batch, Entry? entry, Evaluation evaluation, Operation? operation, long revision)
    {
        var value = evaluation.Value;
        if (operation is null && !batch[0].IsAlone)
        {
            // Nothing is committed, so nothing has shown yet that the state is not an old one of another process.
            if (await store.ReadAsync(CancellationToken.None).ConfigureAwait(false) is not { } latest)
            {
                PendingMerge.End(batch, new Outcome.NotApplied(NotAppliedReason.Unreachable));
                GiveBack(value);
                return true;
            }

            var isCurrent = latest.Find(key) == entry;
            if (isCurrent)
                evaluation.Answer(entry, revision);
            GiveBack(value);
            return isCurrent;
        }

        // A request that changes nothing is submitted all the same if it has guards, or may have been carried out before.
        var guards = batch[0].Request.Guards is { IsDefault: false } given ? given : [];
        var outcome = await store.SubmitAsync(new Transaction(guards.Add(EntryGuard.Of(key, entry)), operation is null ? [] : [operation])
        {
            Idempotency = batch[0].Request.Idempotency,
        }).ConfigureAwait(false);
        switch (outcome)
        {
            case Outcome.Committed committed:
                if (operation is not null)
                    counters.CountCommit(isRewrite: operation is Put && entry is not null);
                var after = operation is null ? entry : Advance(key, value!, committed, operation);
                evaluation.Answer(after, committed.Revision);
                GiveBack(value);
                return true;
            case Outcome.GuardsFailed failed:
                GiveUp(value);
                var others = failed.Failed.RemoveAll(one => !guards.Any(guard => EntryGuard.IsSame(guard, one.Guard)));
                if (others.IsEmpty)
                    return false;
                PendingMerge.End(batch, failed with { Failed = others });
                return true;
            case Outcome.Rejected { Reason: RejectionReason.Conflict or RejectionReason.NotMergeable }:
                GiveUp(value);
                return false;
            case Outcome.Rejected rejected when RefusalOf(rejected.Reason) is { } refusal:
                GiveUp(value);
                PendingMerge.Refuse(batch, refusal, rejected.Revision);
                return true;
            default:
                // The replica is ahead of the store, or it is unknown whether it is.
                GiveUp(value);
                PendingMerge.End(batch, outcome);
                return true;
        }
    }

    private bool TryTake(Key key, Entry? entry, Moment at, out DecodedValue? value)
    {
        value = null;
        if (entry is not { IsMergeable: true } mergeable)
            return true;
        if (cache.Find(key) is { } kept)
        {
            lock (kept.Lock)
            {
                // One that is taken was left so by a failure, and may be ahead.
                if (!kept.IsTaken && kept.TryFollow(mergeable) && kept.Replica.Self == ServerReplica.IdOf(at.Store, at.Revision, kept.Creation))
                {
                    kept.IsTaken = true;
                    value = kept;
                    return true;
                }
            }

            cache.Remove(kept);
        }

        try
        {
            value = DecodedValue.Decode(key, mergeable, at.Store, at.Revision);
        }
        catch (InvalidDataException)
        {
            return false;
        }

        return true;
    }

    private void GiveBack(DecodedValue? value)
    {
        if (value?.Entry is null)
            return;
        cache.Keep(value);
        lock (value.Lock)
            value.IsTaken = false;
    }

    private void GiveUp(DecodedValue? value)
    {
        if (value is not null)
            cache.Remove(value);
    }

    private static Entry Advance(Key key, DecodedValue value, Outcome.Committed committed, Operation operation)
    {
        Entry? after = null;
        foreach (var change in committed.Commit!.Changes)
        {
            if (change.Current is { } current && current.KeyUtf8.SequenceEqual(key.Utf8))
                after = current;
        }

        if (operation is Put)
            value.Rewritten(after!.Value);
        else
            value.Extended(after!.Value);
        return after.Value;
    }

    private async Task RefuseTooLargeAsync(Key key, IReadOnlyList<PendingMerge> batch, long revision)
    {
        if (batch.Count > 1)
        {
            foreach (var pending in batch)
                await RunAsync(key, [pending]).ConfigureAwait(false);
        }
        else if (batch[0].Probe is { } probe && await store.SubmitAsync(probe).ConfigureAwait(false) is not Outcome.Committed and var outcome)
            PendingMerge.End(batch, outcome);
        else
            PendingMerge.Refuse(batch, MergeRefusal.TooLarge, revision);
    }

    private static MergeRefusal? RefusalOf(RejectionReason reason) => reason switch
    {
        RejectionReason.TooLarge => MergeRefusal.TooLarge,
        RejectionReason.OriginRefusesWrites or RejectionReason.OriginDecidesExpiry or RejectionReason.OriginNeedsKeys or RejectionReason.OriginOutboxFull
            or RejectionReason.OriginTakesSingleWrites => MergeRefusal.OfOrigin,
        _ => null,
    };
}
