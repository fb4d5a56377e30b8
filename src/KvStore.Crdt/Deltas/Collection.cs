namespace KvStore.Crdt;

/// <summary>A replica that a collection dropped, after its change <see cref="Final"/>, in that epoch.</summary>
internal readonly record struct DroppedReplica(ReplicaId Replica, ulong Final, ulong Epoch);

/// <summary>What replicas of an earlier epoch must know to follow the collections.</summary>
/// <param name="Floor">The oldest epoch whose replicas can still exchange deltas.</param>
/// <param name="Dropped">The replicas that collections after the floor dropped, in ascending order.</param>
internal sealed record Collection(ulong Floor, DroppedReplica[] Dropped)
{
    public static Collection None { get; } = new(0, []);

    public static Collection Read(ref DeltaReader reader, ulong epoch)
    {
        var floor = reader.ReadNumber(epoch);
        var dropped = new DroppedReplica[reader.ReadCount(sizeof(ulong) + 2)];
        for (var i = 0; i < dropped.Length; i++)
        {
            dropped[i] = new(new ReplicaId(reader.ReadFixed()), reader.ReadNumber(), floor + 1 + reader.ReadNumber(Dot.SequenceMax - 1 - floor));
            if (dropped[i].Epoch > epoch || (i > 0 && dropped[i - 1].Replica.CompareTo(dropped[i].Replica) >= 0))
                reader.Fail();
        }

        return new(floor, dropped);
    }

    public void Write(DeltaWriter writer)
    {
        writer.WriteNumber(Floor);
        writer.WriteNumber((ulong)Dropped.Length);
        foreach (var dropped in Dropped)
        {
            writer.WriteFixed(dropped.Replica.Value);
            writer.WriteNumber(dropped.Final);
            writer.WriteNumber(dropped.Epoch - Floor - 1);
        }
    }
}
