namespace KvStore.Crdt;

/// <summary>What every delta begins with. A full state is the delta since nothing.</summary>
/// <param name="Type">The type of the value.</param>
/// <param name="Lineage">Which creation of the value it belongs to.</param>
/// <param name="Epoch">How many collections the sender has had.</param>
/// <param name="Floor">The oldest epoch whose replicas can still exchange deltas with the sender.</param>
/// <param name="Intervals">What is brought, by replica in ascending order; an empty interval is only referred to.</param>
/// <param name="Dropped">The replicas that collections after the floor dropped, in ascending order.</param>
internal sealed record DeltaHeader(CrdtType Type, ulong Lineage, ulong Epoch, ulong Floor, Interval[] Intervals, DroppedReplica[] Dropped)
{
    private const byte Format = 1;

    /// <summary>Whether it is a full state.</summary>
    public bool IsState => Array.TrueForAll(Intervals, interval => interval.From == 0);

    public static DeltaHeader? TryRead(ref DeltaReader reader)
    {
        var format = reader.ReadByte();
        var type = (CrdtType)reader.ReadByte();
        var lineage = reader.ReadFixed();
        var epoch = reader.ReadNumber();
        var floor = reader.ReadNumber(epoch);
        var intervals = new Interval[reader.ReadCount(sizeof(ulong) + 2)];
        for (var i = 0; i < intervals.Length; i++)
        {
            var replica = new ReplicaId(reader.ReadFixed());
            var from = reader.ReadNumber();
            intervals[i] = new(replica, from, from + reader.ReadNumber(Dot.SequenceMax - from));
            if (intervals[i].To == 0 || (i > 0 && intervals[i - 1].Replica.CompareTo(replica) >= 0))
                reader.Fail();
        }

        var dropped = new DroppedReplica[reader.ReadCount(sizeof(ulong) + 2)];
        for (var i = 0; i < dropped.Length; i++)
        {
            dropped[i] = new(new ReplicaId(reader.ReadFixed()), reader.ReadNumber(), floor + 1 + reader.ReadNumber(Dot.SequenceMax - 1 - floor));
            if (dropped[i].Epoch > epoch || (i > 0 && dropped[i - 1].Replica.CompareTo(dropped[i].Replica) >= 0))
                reader.Fail();
        }

        if (dropped.IntersectBy(intervals.Select(interval => interval.Replica), one => one.Replica).Any())
            reader.Fail();
        return reader.HasFailed || format != Format || type is < CrdtType.GCounter or > CrdtType.ORSet
            ? null : new DeltaHeader(type, lineage, epoch, floor, intervals, dropped);
    }

    public void Write(DeltaWriter writer)
    {
        writer.Write(Format);
        writer.Write((byte)Type);
        writer.WriteFixed(Lineage);
        writer.WriteNumber(Epoch);
        writer.WriteNumber(Floor);
        writer.WriteNumber((ulong)Intervals.Length);
        foreach (var interval in Intervals)
        {
            writer.WriteFixed(interval.Replica.Value);
            writer.WriteNumber(interval.From);
            writer.WriteNumber(interval.To - interval.From);
        }

        writer.WriteNumber((ulong)Dropped.Length);
        foreach (var dropped in Dropped)
        {
            writer.WriteFixed(dropped.Replica.Value);
            writer.WriteNumber(dropped.Final);
            writer.WriteNumber(dropped.Epoch - Floor - 1);
        }
    }
}
