using System.Buffers;
using System.Buffers.Binary;

namespace KvStore.Mergeable;

/// <summary>Appends the primitives of docs/crdt-format.md.</summary>
internal sealed class LayoutWriter(int capacity)
{
    private readonly ArrayBufferWriter<byte> _buffer = new(Math.Max(1, capacity));

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public int Length => _buffer.WrittenCount;

    public void Write(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void WriteFixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(sizeof(ulong)), value);
        _buffer.Advance(sizeof(ulong));
    }

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

    /// <summary>Bytes after their number.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteNumber((ulong)bytes.Length);
        _buffer.Write(bytes);
    }
}
