namespace KvStore.Storage;

/// <summary>Reads a file in large blocks, mostly forwards. Belongs to one thread.</summary>
internal sealed class FileReader(IDiskFile file)
{
    private const int BlockBytes = 1 << 18;

    private byte[] _buffer = [];
    private long _start;
    private int _count;

    /// <summary>The file's length when the reader was made.</summary>
    public long LengthBytes { get; } = file.LengthBytes;

    /// <summary>Shows bytes of the file until the next call; false when they are not all there.</summary>
    public bool TryRead(long offset, int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (offset + count > LengthBytes)
            return false;
        if ((offset < _start || offset + count > _start + _count) && !TryFill(offset, count))
            return false;
        bytes = _buffer.AsSpan((int)(offset - _start), count);
        return true;
    }

    /// <summary>Where the first byte from an offset on lies that is not zero; the file's length if there is none.</summary>
    public long SkipZeros(long offset)
    {
        while (offset < LengthBytes)
        {
            var count = (int)Math.Min(LengthBytes - offset, BlockBytes);
            if (!TryRead(offset, count, out var bytes))
                return LengthBytes;
            var at = bytes.IndexOfAnyExcept((byte)0);
            if (at >= 0)
                return offset + at;
            offset += count;
        }

        return LengthBytes;
    }

    private bool TryFill(long offset, int count)
    {
        var wanted = (int)Math.Min(Math.Max(count, BlockBytes), LengthBytes - offset);
        if (_buffer.Length < wanted)
            _buffer = new byte[wanted];
        _start = offset;
        _count = file.Read(_buffer.AsSpan(0, wanted), offset);
        return _count >= count;
    }
}
