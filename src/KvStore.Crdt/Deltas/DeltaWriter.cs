using System.Buffers.Binary;
using System.Numerics;

namespace KvStore.Crdt;

/// <summary>Appends the primitives of docs/crdt-format.md to a growing array.</summary>
internal sealed class DeltaWriter
{
    private byte[] _bytes = new byte[64];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Write(byte value) => Take(1)[0] = value;

    /// <summary>Seven bits a byte, the lowest first; the high bit says that more follow.</summary>
    public void WriteNumber(ulong value)
    {
        while (value >= 0x80)
        {
            Write((byte)(value | 0x80));
            value >>= 7;
        }

        Write((byte)value);
    }

    /// <summary>How many bytes a number takes.</summary>
    public static int LengthOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>A number, also if it has more than 64 bits.</summary>
    public void WriteWide(UInt128 value)
    {
        while (value >= 0x80)
        {
            Write((byte)((byte)(value & 0x7F) | 0x80));
            value >>= 7;
        }

        Write((byte)value);
    }

    /// <summary>Makes a number without a sign of one that has a sign, which becomes the lowest bit.</summary>
    public static ulong FromSigned(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>Eight bytes, the lowest first.</summary>
    public void WriteFixed(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    /// <summary>UTF-8 after its length in bytes.</summary>
    public void Write(string text)
    {
        var length = System.Text.Encoding.UTF8.GetByteCount(text);
        WriteNumber((ulong)length);
        System.Text.Encoding.UTF8.GetBytes(text, Take(length));
    }

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Write(VersionVector version)
    {
        WriteNumber(version.Epoch);
        WriteNumber((ulong)version.Count);
        foreach (var (replica, sequence) in version.Entries)
        {
            WriteFixed(replica.Value);
            WriteNumber(sequence);
        }
    }

    private Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_length + count, _bytes.Length * 2));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
