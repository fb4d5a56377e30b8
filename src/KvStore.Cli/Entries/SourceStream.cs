namespace KvStore.Cli;

/// <summary>A file or standard input that is read once: its beginning can be read before the rest, and it counts what was read.</summary>
internal sealed class SourceStream : Stream
{
    private const int HeadBytes = 64 << 10;

    private readonly Stream _stream;
    private ReadOnlyMemory<byte> _head;

    private SourceStream(Stream stream, string name, long? total)
    {
        _stream = stream;
        Name = name;
        Total = total;
    }

    /// <summary>What it is, for messages.</summary>
    public string Name { get; }

    /// <summary>The length; null if it is not known.</summary>
    public long? Total { get; }

    /// <summary>How many bytes were read.</summary>
    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Opens a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="KvFailure">It cannot be read.</exception>
    public static Task<SourceStream> OpenAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (name == "-")
            return Task.FromResult(new SourceStream(Console.OpenStandardInput(), "standard input", null));
        try
        {
            var file = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, useAsync: false);
            return Task.FromResult(new SourceStream(file, name, file.CanSeek ? file.Length : null));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var reason = Directory.Exists(name) ? "it is a directory" : exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : exception.Message;
            throw new KvFailure(ExitCode.Usage, $"{name} cannot be read: {reason}.", exception);
        }
    }

    /// <summary>The first bytes, which are read again afterwards.</summary>
    /// <param name="isEnough">Whether the bytes so far are enough: more may come only when a person types them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(Func<ReadOnlyMemory<byte>, bool> isEnough, CancellationToken cancellationToken)
    {
        var head = new byte[HeadBytes];
        for (var count = 0; ;)
        {
            var read = await ReadStreamAsync(head.AsMemory(count), cancellationToken);
            count += read;
            _head = head.AsMemory(0, count);
            if (read == 0 || isEnough(_head))
                return _head;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = _head.IsEmpty ? await ReadStreamAsync(buffer, cancellationToken) : TakeHead(buffer.Span);
        BytesRead += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = _head.IsEmpty ? _stream.Read(buffer) : TakeHead(buffer);
        BytesRead += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stream.Dispose();
        base.Dispose(disposing);
    }

    // A read of standard input ends when there is input, not with its token.
    private async Task<int> ReadStreamAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        buffer.IsEmpty ? 0 : await _stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken);

    private int TakeHead(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _head.Length);
        _head.Span[..count].CopyTo(buffer);
        _head = _head[count..];
        return count;
    }
}
