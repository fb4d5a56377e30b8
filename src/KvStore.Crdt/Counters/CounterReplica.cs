namespace KvStore.Crdt;

/// <summary>A replica of a counter: what each replica has added and subtracted in total. Of two totals of one replica, the later one counts.</summary>
public sealed class CounterReplica : CrdtReplica
{
    private readonly Dictionary<ReplicaId, Totals> _totals = [];
    private Totals _folded;

    internal CounterReplica(CrdtType type, ulong lineage, ReplicaId self) : base(type, lineage, self)
    {
    }

    /// <summary>
    /// The number. Increments at once in several replicas can take it beyond 64 bits: it stays exact, and further increments in that direction
    /// are refused.
    /// </summary>
    public Int128 Value { get; private set; }

    /// <summary>Adds to the counter.</summary>
    /// <param name="amount">How much; less than 0 only if the counter can shrink.</param>
    public IntentOutcome Increment(long amount) => Increment(amount, out _);

    /// <summary>Adds to the counter.</summary>
    /// <param name="amount">How much; less than 0 only if the counter can shrink.</param>
    /// <param name="delta">The change as a delta; empty if nothing changed.</param>
    public IntentOutcome Increment(long amount, out byte[] delta)
    {
        delta = [];
        if (amount < 0 && Type == CrdtType.GCounter)
            return IntentOutcome.Unsupported;
        if (amount == 0)
            return IntentOutcome.Unchanged;

        var before = _totals.GetValueOrDefault(Self);
        var after = before.Add(amount);
        if (!CanTakeSequences(1) || after.IsBeyondMax || (amount > 0 ? Value + amount > long.MaxValue : Value + amount < long.MinValue))
            return IntentOutcome.Overflow;
        var first = TakeSequences(1);
        _totals[Self] = after;
        Value += amount;
        delta = EncodeOwn(first - 1, []);
        return IntentOutcome.Applied;
    }

    private protected override long BodyBytes => _totals.Count * 80L;

    private protected override MergeOutcome MergeBody(DeltaHeader header, ref DeltaReader reader)
    {
        var totals = new Totals[header.Intervals.Length];
        for (var i = 0; i < totals.Length; i++)
            totals[i] = Read(ref reader, Totals.Max);
        var folded = header.Collection is null ? _folded : Read(ref reader, Totals.FoldedMax);
        if (!reader.IsAtEnd)
            return MergeOutcome.Malformed;

        for (var i = 0; i < totals.Length; i++)
        {
            var (replica, _, to) = header.Intervals[i];
            if (!IsDropped(replica) && !totals[i].IsOneHistoryWith(_totals.GetValueOrDefault(replica), to.CompareTo(Seen(replica))))
                return MergeOutcome.Forked;
        }

        for (var i = 0; i < totals.Length; i++)
        {
            var (replica, _, to) = header.Intervals[i];
            if (!IsDropped(replica) && to > Seen(replica))
                _totals[replica] = totals[i];
        }

        if (header.Epoch > Epoch)
            _folded = folded;
        Sum();
        return MergeOutcome.Unchanged;
    }

    private protected override void WriteBody(DeltaHeader header, DeltaWriter writer)
    {
        foreach (var interval in header.Intervals)
            Write(writer, _totals[interval.Replica]);
        if (header.Collection is not null)
            Write(writer, _folded);
    }

    private protected override IEnumerable<ReplicaId> WithoutContent(IEnumerable<ReplicaId> replicas) => replicas;

    private protected override void Remove(IReadOnlySet<ReplicaId> replicas, bool byHub)
    {
        foreach (var replica in replicas)
        {
            if (_totals.Remove(replica, out var totals) && byHub)
                _folded = _folded.Add(totals);
        }

        Sum();
    }

    private void Sum() => Value = _totals.Values.Aggregate(_folded.Value, (sum, totals) => sum + totals.Value);

    private Totals Read(ref DeltaReader reader, UInt128 max) => new(reader.ReadWide(max), Type == CrdtType.PNCounter ? reader.ReadWide(max) : 0);

    private void Write(DeltaWriter writer, Totals totals)
    {
        writer.WriteWide(totals.Added);
        if (Type == CrdtType.PNCounter)
            writer.WriteWide(totals.Subtracted);
    }
}
