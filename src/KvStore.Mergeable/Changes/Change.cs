namespace KvStore.Mergeable;

/// <summary>Applies changes of clients to replicas.</summary>
internal static class Change
{
    // From here on it is worth the time to see whether what a client sent has less that is new.
    private const int LargeDeltaBytes = 512;

    /// <summary>Applies a change.</summary>
    /// <param name="replica">The value.</param>
    /// <param name="change">The change; null for none.</param>
    /// <param name="deltas">Receives what it is as a delta, if it changed anything.</param>
    /// <returns>Why the change cannot be made, and nothing was changed; null if it was, or there was nothing to change.</returns>
    public static MergeRefusal? TryRefuse(CrdtReplica replica, MergeChange? change, List<ReadOnlyMemory<byte>> deltas)
    {
        if (change is MergeChange.Delta sent)
            return Merge(replica, sent.Bytes, deltas);
        byte[] delta = [];
        var outcome = (change, replica) switch
        {
            (null, _) => IntentOutcome.Unchanged,
            (MergeChange.Increment increment, CounterReplica counter) => counter.Increment(increment.Amount, out delta),
            (MergeChange.Elements elements, SetReplica set) => set.Change([.. elements.Add], [.. elements.Remove], elements.Context, out delta),
            (MergeChange.Edits edits, TextReplica text) => text.Edit([.. edits.List.Select(edit => new TextEdit(edit.At, edit.Insert, edit.Delete))], edits.Base, out delta),
            _ => IntentOutcome.Unsupported,
        };
        if (outcome == IntentOutcome.Applied)
            deltas.Add(delta);
        return RefusalOf(outcome);
    }

    /// <summary>Makes a value by a change.</summary>
    /// <param name="type">The type.</param>
    /// <param name="self">The id of the store.</param>
    /// <param name="change">The change. If it is what another replica did, the value gets that replica's lineage.</param>
    /// <param name="replica">The value; null if it is refused.</param>
    /// <returns>Why the value cannot be made.</returns>
    public static MergeRefusal? TryCreate(CrdtType type, ReplicaId self, MergeChange? change, out CrdtReplica? replica)
    {
        replica = null;
        if (change is MergeChange.Delta { Bytes: var state })
        {
            var loaded = MergeableValue.TryLoad(state.Span, self);
            if (loaded is null)
            {
                // A new value of the type says what is wrong with it: a delta fits nothing before there is a state.
                var refusal = RefusalOf(MergeableValue.Create(type, self).Merge(state.Span));
                return refusal == MergeRefusal.OtherLineage ? MergeRefusal.Gap : refusal ?? MergeRefusal.Malformed;
            }

            if (loaded.Type != type)
                return MergeRefusal.OtherType;
            replica = loaded;
            return null;
        }

        var created = MergeableValue.Create(type, self);
        if (TryRefuse(created, change, []) is { } reason)
            return reason;
        replica = created;
        return null;
    }

    private static MergeRefusal? Merge(CrdtReplica replica, ReadOnlyMemory<byte> delta, List<ReadOnlyMemory<byte>> deltas)
    {
        var before = delta.Length > LargeDeltaBytes ? replica.Version : null;
        var outcome = replica.Merge(delta.Span);
        if (outcome == MergeOutcome.Merged)
            deltas.Add(before is not null && replica.DeltaSince(before) is { } news && news.Length < delta.Length ? news : delta);
        return RefusalOf(outcome);
    }

    private static MergeRefusal? RefusalOf(IntentOutcome outcome) => outcome switch
    {
        IntentOutcome.Applied or IntentOutcome.Unchanged => null,
        IntentOutcome.Unsupported => MergeRefusal.Unsupported,
        IntentOutcome.Overflow => MergeRefusal.Overflow,
        IntentOutcome.OutOfRange => MergeRefusal.OutOfRange,
        IntentOutcome.InvalidText => MergeRefusal.InvalidText,
        IntentOutcome.Gap => MergeRefusal.Gap,
        IntentOutcome.Collected => MergeRefusal.Collected,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static MergeRefusal? RefusalOf(MergeOutcome outcome) => outcome switch
    {
        MergeOutcome.Merged or MergeOutcome.Unchanged => null,
        MergeOutcome.Malformed => MergeRefusal.Malformed,
        MergeOutcome.OtherType => MergeRefusal.OtherType,
        MergeOutcome.OtherLineage => MergeRefusal.OtherLineage,
        MergeOutcome.Gap => MergeRefusal.Gap,
        MergeOutcome.Forked => MergeRefusal.Forked,
        MergeOutcome.Collected or MergeOutcome.Outdated => MergeRefusal.Collected,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
