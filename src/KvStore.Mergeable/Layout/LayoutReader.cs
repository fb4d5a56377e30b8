using System.Buffers.Binary;

namespace KvStore.Mergeable;

/// <summary>
/// Reads the primitives of docs/crdt-format.md from the value of an entry. What is not as the format says makes it fail, and from then on every read gives
/// zero, so that callers check once at their end.
/// </summary>
internal ref struct LayoutReader(ReadOnlyMemory<byte> bytes)
{
    private const ulong NumberMax = (1UL << 53) - 1;

    public bool HasFailed { get; private set; }

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether there is more, and everything was as the format says.</summary>
    public readonly bool HasMore => !HasFailed && Position < bytes.Length;

    public byte ReadByte() => Take(1) is { IsEmpty: false } taken ? taken.Span[0] : (byte)0;

    public ulong ReadFixed() => Take(sizeof(ulong)) is { IsEmpty: false } taken ? BinaryPrimitives.ReadUInt64LittleEndian(taken.Span) : 0;

    public ulong ReadNumber()
    {
        var value = 0UL;
        for (var shift = 0; shift < 56; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next >= 0x80)
                continue;
            if (value > NumberMax || (next == 0 && shift > 0))
                Fail();
            return HasFailed ? 0 : value;
        }

        Fail();
        return 0;
    }

    /// <summary>Reads how many items follow. Each takes at least <paramref name="itemBytes"/>, so a count that the rest cannot hold fails.</summary>
    public int ReadCount(int itemBytes)
    {
        var count = ReadNumber();
        if (count <= (ulong)((bytes.Length - Position) / itemBytes))
            return (int)count;
        Fail();
        return 0;
    }

    /// <summary>Bytes after their number.</summary>
    public ReadOnlyMemory<byte> ReadBytes() => Take(ReadCount(1));

    public void Fail() => HasFailed = true;

    private ReadOnlyMemory<byte> Take(int count)
    {
        if (HasFailed || count > bytes.Length - Position)
        {
            Fail();
            return default;
        }

        Position += count;
        return bytes.Slice(Position - count, count);
    }
}
