using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KvStore.Mergeable;

/// <summary>A replica, and the day (since 1970) on which it last changed something or acknowledged.</summary>
internal readonly record struct Member(ReplicaId Replica, long SeenOn);

/// <summary>The day (since 1970) on which a collection made an epoch.</summary>
internal readonly record struct EpochDay(ulong Epoch, long Day);

/// <summary>
/// How the value of an entry has a mergeable value: a state, the head, and deltas, each of which merges after what precedes it. So a commit appends what
/// it changed. Immutable.
/// </summary>
/// <param name="Creation">Which entry this is the value of; random, made anew with each entry, also if its state was there before.</param>
/// <param name="Hub">The store that collects.</param>
/// <param name="Epochs">When the latest collections were made, in ascending order, one for each day.</param>
/// <param name="Members">The replicas that were known when the whole value was last written.</param>
/// <param name="Head">A state.</param>
/// <param name="DeltasAt">Where the deltas begin.</param>
internal sealed record StoredValue(ulong Creation, ulong Hub, IReadOnlyList<EpochDay> Epochs, IReadOnlyList<Member> Members, ReadOnlyMemory<byte> Head, int DeltasAt)
{
    private const byte Format = 1;

    // After the format.
    private const int CreationEnd = 1 + sizeof(ulong);

    public static ulong NewCreation() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Reads all but the deltas; null if the bytes are not of this form.</summary>
    public static StoredValue? TryRead(ReadOnlyMemory<byte> value)
    {
        var reader = new LayoutReader(value);
        if (reader.ReadByte() != Format)
            return null;
        var creation = reader.ReadFixed();
        var hub = reader.ReadFixed();
        var epochs = new EpochDay[reader.ReadCount(2)];
        for (var i = 0; i < epochs.Length; i++)
            epochs[i] = new(reader.ReadNumber(), (long)reader.ReadNumber());
        var members = new Member[reader.ReadCount(sizeof(ulong) + 1)];
        for (var i = 0; i < members.Length; i++)
            members[i] = new(new ReplicaId(reader.ReadFixed()), (long)reader.ReadNumber());
        var head = reader.ReadBytes();
        return reader.HasFailed ? null : new StoredValue(creation, hub, epochs, members, head, reader.Position);
    }

    /// <summary>Reads deltas, each after its number of bytes, up to the end; null if the bytes are not of this form.</summary>
    public static List<ReadOnlyMemory<byte>>? TryReadDeltas(ReadOnlyMemory<byte> bytes)
    {
        var reader = new LayoutReader(bytes);
        List<ReadOnlyMemory<byte>> deltas = [];
        while (reader.HasMore)
            deltas.Add(reader.ReadBytes());
        return reader.HasFailed ? null : deltas;
    }

    /// <summary>Deltas as they follow the head.</summary>
    public static ReadOnlyMemory<byte> WriteDeltas(IReadOnlyList<ReadOnlyMemory<byte>> deltas)
    {
        var writer = new LayoutWriter(deltas.Sum(delta => delta.Length + 4));
        foreach (var delta in deltas)
            writer.WriteBytes(delta.Span);
        return writer.Written;
    }

    /// <summary>Writes all but the deltas.</summary>
    public static ReadOnlyMemory<byte> Write(ulong creation, ulong hub, IReadOnlyList<EpochDay> epochs, IReadOnlyCollection<Member> members, ReadOnlySpan<byte> head)
    {
        var writer = new LayoutWriter(32 + (10 * (epochs.Count + members.Count)) + head.Length);
        writer.Write(Format);
        writer.WriteFixed(creation);
        writer.WriteFixed(hub);
        writer.WriteNumber((ulong)epochs.Count);
        foreach (var (epoch, day) in epochs)
        {
            writer.WriteNumber(epoch);
            writer.WriteNumber((ulong)day);
        }

        writer.WriteNumber((ulong)members.Count);
        foreach (var (replica, seenOn) in members)
        {
            writer.WriteFixed(replica.Value);
            writer.WriteNumber((ulong)seenOn);
        }

        writer.WriteBytes(head);
        return writer.Written;
    }

    /// <summary>Whether bytes are those of an entry, but for which entry it is.</summary>
    public static bool IsSameState(ReadOnlySpan<byte> value, ReadOnlySpan<byte> other) =>
        value.Length == other.Length && value.Length > CreationEnd && value[CreationEnd..].SequenceEqual(other[CreationEnd..]);

    /// <summary>The same bytes, as the value of a new entry.</summary>
    public static byte[] WithNewCreation(ReadOnlySpan<byte> value)
    {
        var renewed = value.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(renewed.AsSpan(1), NewCreation());
        return renewed;
    }
}
