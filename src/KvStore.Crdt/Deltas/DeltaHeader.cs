namespace KvStore.Crdt;

/// <summary>What every delta begins with. A full state is the delta since nothing.</summary>
/// <param name="Type">The type of the value.</param>
/// <param name="Lineage">Which creation of the value it belongs to.</param>
/// <param name="Epoch">How many collections the sender has had.</param>
/// <param name="Collection">What those collections were; null if the receiver should know, because the delta is for replicas of this epoch or later.</param>
/// <param name="Intervals">What is brought, by replica in ascending order; an empty interval is only referred to.</param>
internal sealed record DeltaHeader(CrdtType Type, ulong Lineage, ulong Epoch, Collection? Collection, Interval[] Intervals)
{
    private const byte Format = 1;

    /// <summary>Whether it is a full state.</summary>
    public bool IsState => (Epoch == 0 || Collection is not null) && Array.TrueForAll(Intervals, interval => interval.From == 0);

    /// <summary>The place of a replica among the intervals; less than 0 if it is not there.</summary>
    public int PlaceOf(ReplicaId replica)
    {
        var (low, high) = (0, Intervals.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Intervals[middle].Replica.CompareTo(replica);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return -1;
    }

    public static DeltaHeader? TryRead(ref DeltaReader reader)
    {
        var format = reader.ReadByte();
        var type = (CrdtType)reader.ReadByte();
        var lineage = reader.ReadFixed();
        var epoch = reader.ReadNumber();
        var collection = epoch > 0 && reader.ReadNumber(1) == 1 ? Collection.Read(ref reader, epoch) : null;
        var intervals = new Interval[reader.ReadCount(sizeof(ulong) + 2)];
        for (var i = 0; i < intervals.Length; i++)
        {
            var replica = new ReplicaId(reader.ReadFixed());
            var from = reader.ReadNumber();
            intervals[i] = new(replica, from, from + reader.ReadNumber(Dot.SequenceMax - from));
            if (intervals[i].To == 0 || (i > 0 && intervals[i - 1].Replica.CompareTo(replica) >= 0))
                reader.Fail();
        }

        if (collection is not null && collection.Dropped.IntersectBy(intervals.Select(interval => interval.Replica), dropped => dropped.Replica).Any())
            reader.Fail();
        return reader.HasFailed || format != Format || type is < CrdtType.GCounter or > CrdtType.Text
            ? null : new DeltaHeader(type, lineage, epoch, collection, intervals);
    }

    public void Write(DeltaWriter writer)
    {
        writer.Write(Format);
        writer.Write((byte)Type);
        writer.WriteFixed(Lineage);
        writer.WriteNumber(Epoch);
        if (Epoch > 0)
        {
            writer.WriteNumber(Collection is null ? 0u : 1u);
            Collection?.Write(writer);
        }

        writer.WriteNumber((ulong)Intervals.Length);
        foreach (var interval in Intervals)
        {
            writer.WriteFixed(interval.Replica.Value);
            writer.WriteNumber(interval.From);
            writer.WriteNumber(interval.To - interval.From);
        }
    }
}
