using System.Buffers.Binary;
using System.Text.Unicode;

namespace KvStore.Crdt;

/// <summary>
/// Reads the primitives of docs/crdt-format.md from bytes that anyone may have sent. What is not as the format says makes it fail, and from
/// then on every read gives zero, so that callers check once at their end. It allocates nothing that the bytes do not pay for.
/// </summary>
internal ref struct DeltaReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool HasFailed { get; private set; }

    /// <summary>Whether everything was as the format says, and nothing is left.</summary>
    public readonly bool IsAtEnd => !HasFailed && _rest.IsEmpty;

    public byte ReadByte() => Take(1) is [var value] ? value : (byte)0;

    public ulong ReadFixed() => Take(sizeof(ulong)) is { Length: sizeof(ulong) } taken ? BinaryPrimitives.ReadUInt64LittleEndian(taken) : 0;

    /// <summary>Reads a number of 53 bits at most. Each number has one encoding, so that equal values have equal bytes.</summary>
    public ulong ReadNumber(ulong max = Dot.SequenceMax)
    {
        ulong value = 0;
        for (var shift = 0; shift < 63 && !HasFailed; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next >= 0x80)
                continue;
            if (value > max || (next == 0 && shift > 0))
                Fail();
            return HasFailed ? 0 : value;
        }

        Fail();
        return 0;
    }

    public UInt128 ReadWide(UInt128 max)
    {
        UInt128 value = 0;
        for (var shift = 0; shift < 126 && !HasFailed; shift += 7)
        {
            var next = ReadByte();
            value |= (UInt128)(next & 0x7Fu) << shift;
            if (next >= 0x80)
                continue;
            if (value > max || (next == 0 && shift > 0))
                Fail();
            return HasFailed ? 0 : value;
        }

        Fail();
        return 0;
    }

    /// <summary>What <see cref="DeltaWriter.FromSigned"/> made of a number with a sign.</summary>
    public static long ToSigned(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Reads how many items follow. Each takes at least <paramref name="itemBytes"/>, so a count that the rest cannot hold fails.</summary>
    public int ReadCount(int itemBytes) => (int)ReadNumber((ulong)(_rest.Length / itemBytes));

    public string ReadText()
    {
        var bytes = ReadBytes();
        if (Utf8.IsValid(bytes))
            return System.Text.Encoding.UTF8.GetString(bytes);
        Fail();
        return "";
    }

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount(1));

    public VersionVector ReadVersion()
    {
        var epoch = ReadNumber();
        var entries = new KeyValuePair<ReplicaId, ulong>[ReadCount(sizeof(ulong) + 1)];
        for (var i = 0; i < entries.Length && !HasFailed; i++)
        {
            entries[i] = new(new ReplicaId(ReadFixed()), ReadNumber());
            if (entries[i].Value == 0 || (i > 0 && entries[i - 1].Key.CompareTo(entries[i].Key) >= 0))
                Fail();
        }

        return HasFailed ? VersionVector.Empty : new VersionVector(epoch, entries);
    }

    public void Fail()
    {
        HasFailed = true;
        _rest = default;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Fail();
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
