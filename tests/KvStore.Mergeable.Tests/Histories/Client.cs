namespace KvStore.Mergeable.Tests;

/// <summary>A client with a replica: it changes its own, now and then exchanges with the service, and repeats under a new id what it had not sent if it was away too long.</summary>
internal sealed class Client(Func<ulong> nextId, Model model)
{
    private readonly List<(bool IsAdded, int Token)> _unsent = [];

    // How many of them were sent without an answer, so that they may have arrived.
    private int _maybeSent;
    private VersionVector _sent = VersionVector.Empty;

    public CrdtReplica? Replica { get; private set; }

    /// <summary>Whether it is too old, and goes on with the present state.</summary>
    public bool MustFetch { get; private set; }

    public bool HasUnsent => _unsent.Count > 0;

    /// <summary>Begins again with a state.</summary>
    public void Load(ReadOnlyMemory<byte> state, bool repeats)
    {
        // What may have arrived under the old id must not be repeated under another.
        var unsent = _unsent.Skip(_maybeSent).ToArray();
        _unsent.Clear();
        _maybeSent = 0;
        MustFetch = false;
        Replica = MergeableValue.TryLoad(state.Span, new ReplicaId(nextId()))!;
        _sent = Replica.Version;
        if (!repeats)
            return;
        foreach (var (isAdded, token) in unsent)
            Change(isAdded, token, _unsent.Count);
    }

    public void Forget()
    {
        Replica = null;
        _unsent.Clear();
        _maybeSent = 0;
    }

    /// <summary>Adds a token, or removes one that is there.</summary>
    public void Change(bool isAdded, int token, int at)
    {
        var isChanged = isAdded ? Tokens.TryAdd(Replica!, token, at, out _) : Tokens.TryRemove(Replica!, token, out _);
        if (!isChanged)
            return;
        _unsent.Add((isAdded, token));

        // From now on it may be sent at any time, and the answer may be lost.
        if (isAdded)
            model.Added(token, null);
        else
            model.Removed(token, null);
    }

    /// <summary>The next thing to send; in a hurry only what is new, else everything, as after a failure.</summary>
    public MergeRequest NextRequest(bool isWhole)
    {
        var delta = HasUnsent || isWhole ? isWhole ? Replica!.Encode() : Replica!.DeltaSince(_sent) ?? Replica.Encode() : null;
        return new(delta is null ? null : new MergeChange.Delta(delta)) { Replica = Replica!.Self, Since = Replica.Version, Lineage = Replica.Lineage };
    }

    /// <summary>Continues after an answer.</summary>
    public void Continue(MergeResult result)
    {
        switch (result)
        {
            case MergeResult.Merged merged:
                foreach (var (isAdded, token) in _unsent)
                {
                    if (isAdded)
                        model.Added(token, true);
                    else
                        model.Removed(token, true);
                }

                _unsent.Clear();
                _maybeSent = 0;
                _sent = merged.Version;
                var outcome = merged.Delta is { } delta ? Replica!.Merge(delta.Span) : MergeOutcome.Unchanged;
                MustFetch = outcome is MergeOutcome.Outdated or MergeOutcome.Collected;
                Assert.True(MustFetch || outcome is MergeOutcome.Merged or MergeOutcome.Unchanged, $"{outcome}");
                break;
            case MergeResult.Refused { Reason: MergeRefusal.Gap, Version: { } version }:
                _sent = version;
                break;
            case MergeResult.Refused { Reason: MergeRefusal.Collected }:
                MustFetch = true;
                break;
            case MergeResult.Refused { Reason: MergeRefusal.Absent or MergeRefusal.OtherLineage }:
                Forget();
                break;
            case MergeResult.NotCommitted { Outcome: Outcome.Unknown }:
                _maybeSent = _unsent.Count;
                break;
            case MergeResult.NotCommitted:
                break;
            default:
                Assert.Fail($"{result}");
                break;
        }
    }
}
