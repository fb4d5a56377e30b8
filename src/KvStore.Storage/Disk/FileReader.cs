namespace KvStore.Storage;

/// <summary>Reads a file in large blocks, mostly forwards. Belongs to one thread; the file remains the caller's.</summary>
internal sealed class FileReader(IDiskFile file)
{
    private const int BlockBytes = 1 << 18;

    private byte[] _buffer = [];
    private long _start;
    private int _count;

    public string Path => file.Path;

    /// <summary>The length of the file when the reader was created.</summary>
    public long LengthBytes { get; } = file.LengthBytes;

    /// <summary>Returns bytes of the file, valid until the next call; false if the file ends before them.</summary>
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

    /// <summary>The offset of the first byte at or after this one that is not zero; the length of the file if there is none.</summary>
    public long SkipZeros(long offset)
    {
        for (int count; offset < LengthBytes; offset += count)
        {
            count = (int)Math.Min(LengthBytes - offset, BlockBytes);
            if (!TryRead(offset, count, out var bytes))
                break;
            if (bytes.IndexOfAnyExcept((byte)0) is >= 0 and var at)
                return offset + at;
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
