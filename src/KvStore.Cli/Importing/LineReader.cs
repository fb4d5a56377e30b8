namespace KvStore.Cli;

/// <summary>Reads lines of bytes, and given numbers of bytes between them.</summary>
internal sealed class LineReader(Stream stream, string name)
{
    // A value of the service's default limit takes 6 MiB at most, if each of its bytes is escaped. Operators may raise that limit.
    private const int LineBytesMax = 512 << 20;

    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>The number of lines that were read.</summary>
    public long Count { get; private set; }

    /// <summary>The next line without its line break; null at the end. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (var searched = 0; ;)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
                return Take(searched + length, 1);
            searched = _end - _start;
            if (await FillAsync(cancellationToken))
                continue;
            // Null itself would be converted to empty memory.
            return searched == 0 ? default(ReadOnlyMemory<byte>?) : Take(searched, 0);
        }
    }

    /// <summary>The next bytes; fewer at the end. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count && await FillAsync(cancellationToken))
        {
        }

        var bytes = _buffer.AsMemory(_start, Math.Min(count, _end - _start));
        _start += bytes.Length;
        return bytes;
    }

    private ReadOnlyMemory<byte> Take(int length, int separator)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + separator;
        Count++;
        return line.Span.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= LineBytesMax)
                throw new KvFailure(ExitCode.Usage, $"{name} has more than {Units.Bytes(LineBytesMax)} in one piece after line {Units.Count(Count)}. Is it of the right format?");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        return count > 0;
    }
}
