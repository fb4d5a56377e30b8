using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>Reads HTTP/1.1 answers strictly: what deviates from RFC 9112 is an <see cref="InvalidDataException"/>.</summary>
internal sealed class AnswerReader(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive)
{
    public const int BodyKeptMax = 64 * 1024;

    private const int LineBytesMax = 64 * 1024;
    private const int StatusOffset = 9;
    private const int StatusLength = 3;

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    // Grows to the longest line: a thousand connections that receive little need little.
    private byte[] _buffer = new byte[4 * 1024];
    private readonly ArrayBufferWriter<byte> _body = new();
    private int _start;
    private int _end;
    private bool _isEnded;

    private string? _contentType;
    private string? _etag;
    private int? _retryAfter;
    private long? _length;
    private bool _isChunked;
    private bool _closes;

    /// <summary>Whether bytes have been received that no answer has consumed.</summary>
    public bool HasBytes => _start < _end;

    /// <summary>Waits until bytes of an answer, or the end of the connection, have been received. An interim answer, which asks for more of the body, is none.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (!_isEnded)
        {
            if (_buffer.AsSpan(_start, _end - _start).StartsWith("HTTP/1.1 1"u8))
                await ReadHeadAsync(cancellationToken);
            else if (_start < _end)
                return;
            else
                await FillAsync(cancellationToken);
        }
    }

    /// <summary>Reads the next answer that is not interim; null if the connection ended before its first byte.</summary>
    public async ValueTask<Answer?> ReadAsync(bool isHead, CancellationToken cancellationToken)
    {
        int status;
        do
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                return null;
            status = await ReadHeadAsync(cancellationToken);
        }
        while (status is >= 100 and < 200);

        _body.ResetWrittenCount();
        var bodyBytes = 0L;
        if (isHead || status is 204 or 304)
        {
            // No body follows, whatever the headers announce.
        }
        else if (_isChunked)
        {
            bodyBytes = await ReadChunksAsync(cancellationToken);
        }
        else if (_length is { } length)
        {
            bodyBytes = await ReadBodyAsync(length, cancellationToken);
        }
        else
        {
            bodyBytes = await ReadBodyAsync(long.MaxValue, cancellationToken);
        }

        return new Answer(status, _contentType, _etag, _retryAfter, _closes, _body.WrittenSpan.ToArray(), bodyBytes);
    }

    /// <summary>Reads the status and the headers of the next answer, and leaves its body.</summary>
    public async ValueTask<int> ReadHeadAsync(CancellationToken cancellationToken)
    {
        (_contentType, _etag, _retryAfter, _length, _isChunked, _closes) = (null, null, null, null, false, false);
        var statusLine = await ReadLineAsync(cancellationToken);
        var line = _buffer.AsSpan(statusLine.Start, statusLine.Length);
        if (!line.StartsWith("HTTP/1.1 "u8) || line.Length < StatusOffset + StatusLength || !Utf8Parser.TryParse(line.Slice(StatusOffset, StatusLength), out int status, out var digits)
            || digits != StatusLength)
            throw new InvalidDataException($"No status line: {Encoding.Latin1.GetString(line)}");
        while (true)
        {
            var header = await ReadLineAsync(cancellationToken);
            if (header.Length == 0)
                break;
            ReadHeader(_buffer.AsSpan(header.Start, header.Length));
        }

        return status;
    }

    private void ReadHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].IndexOfAnyInRange((byte)0, (byte)' ') >= 0 || line.IndexOfAnyInRange((byte)0, (byte)31) >= 0)
            throw new InvalidDataException($"No header line: {Encoding.Latin1.GetString(line)}");
        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Is(name, "content-length"u8))
        {
            if (_length is not null || !Utf8Parser.TryParse(value, out long length, out var used) || used != value.Length || length < 0)
                throw new InvalidDataException($"No length: {Encoding.Latin1.GetString(line)}");
            _length = length;
        }
        else if (Is(name, "transfer-encoding"u8))
        {
            _isChunked = value.SequenceEqual("chunked"u8) ? true : throw new InvalidDataException($"No known transfer coding: {Encoding.Latin1.GetString(line)}");
        }
        else if (Is(name, "content-type"u8))
        {
            _contentType = Encoding.Latin1.GetString(value);
        }
        else if (Is(name, "etag"u8))
        {
            _etag = Encoding.Latin1.GetString(value);
        }
        else if (Is(name, "retry-after"u8))
        {
            _retryAfter = Utf8Parser.TryParse(value, out int seconds, out _) ? seconds : throw new InvalidDataException($"No seconds: {Encoding.Latin1.GetString(line)}");
        }
        else if (Is(name, "connection"u8))
        {
            _closes = Is(value, "close"u8);
        }
    }

    private static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(value, expected);

    private async ValueTask<long> ReadChunksAsync(CancellationToken cancellationToken)
    {
        var total = 0L;
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            var text = _buffer.AsSpan(line.Start, line.Length);
            if (!Utf8Parser.TryParse(text, out int size, out var used, 'X') || used != text.Length || size < 0)
                throw new InvalidDataException($"No chunk size: {Encoding.Latin1.GetString(text)}");
            total += await ReadBodyAsync(size, cancellationToken);
            if ((await ReadLineAsync(cancellationToken)).Length != 0)
                throw new InvalidDataException("A chunk is not followed by an empty line.");
            if (size == 0)
                return total;
        }
    }

    /// <summary>Reads that many bytes, or to the end of the connection if there is no length.</summary>
    private async ValueTask<long> ReadBodyAsync(long length, CancellationToken cancellationToken)
    {
        for (var read = 0L; ;)
        {
            if (read == length)
                return read;
            if (_start == _end && !await FillAsync(cancellationToken))
                return length == long.MaxValue ? read : throw new EndOfStreamException($"The body ended after {read} of {length} bytes.");
            var take = (int)Math.Min(length - read, _end - _start);
            var kept = Math.Min(take, BodyKeptMax - _body.WrittenCount);
            _body.Write(_buffer.AsSpan(_start, kept));
            _start += take;
            read += take;
        }
    }

    /// <returns>Where the line is in the buffer, until the next read.</returns>
    private async ValueTask<(int Start, int Length)> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (var searched = 0; ;)
        {
            var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf(LineEnd);
            if (found >= 0)
            {
                var line = (_start, searched + found);
                _start += searched + found + LineEnd.Length;
                return line;
            }

            searched = Math.Max(0, _end - _start - 1);
            if (_end - _start >= LineBytesMax)
                throw new InvalidDataException("A line of the answer is too long.");
            if (!await FillAsync(cancellationToken))
                throw new EndOfStreamException($"The answer ended within a line: {Encoding.Latin1.GetString(_buffer.AsSpan(_start, _end - _start))}");
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_isEnded)
            return false;
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        var count = await receive(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        _isEnded = count == 0;
        return !_isEnded;
    }
}
