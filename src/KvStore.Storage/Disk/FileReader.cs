namespace KvStore.Storage;

/// <summary>Reads a file in large blocks, mostly forwards. Belongs to one thread; the file remains the caller's.</summary>
/// <param name="file">The file.</param>
/// <param name="advance">Called with the number of bytes that were read for the first time, if they follow all that were read before.</param>
internal sealed class FileReader(IDiskFile file, Action<long>? advance = null)
{
    /// <summary>The most to ask for at a time when a range is read from one end to the other.</summary>
    public const int BlockBytes = 1 << 18;

    private byte[] _buffer = [];
    private long _start;
    private int _count;
    private long _reached;

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

    /// <summary>The end of the last byte that is not zero at or after an offset; the offset if there is none.</summary>
    public long EndBeforeZeros(long offset)
    {
        for (var end = LengthBytes; end > offset;)
        {
            var start = Math.Max(offset, end - BlockBytes);
            if (!TryRead(start, (int)(end - start), out var bytes))
                break;
            if (bytes.LastIndexOfAnyExcept((byte)0) is >= 0 and var at)
                return start + at + 1;
            end = start;
        }

        return offset;
    }

    private bool TryFill(long offset, int count)
    {
        var wanted = (int)Math.Min(Math.Max(count, BlockBytes), LengthBytes - offset);
        if (_buffer.Length < wanted)
            _buffer = new byte[wanted];
        _start = offset;
        _count = file.Read(_buffer.AsSpan(0, wanted), offset);
        if (offset + _count > _reached)
        {
            advance?.Invoke(offset + _count - _reached);
            _reached = offset + _count;
        }

        return _count >= count;
    }
}
