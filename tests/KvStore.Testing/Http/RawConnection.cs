using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Testing;

/// <summary>
/// A TCP connection that sends exactly the bytes it is given, as no HTTP client would, and reads answers: by length,
/// chunked, or up to the end of the connection. Sending and reading may go on at the same time; each by one caller.
/// </summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private RawConnection(Socket socket) => _socket = socket;

    public static async Task<RawConnection> ConnectAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var timeout = Deadline();
            await socket.ConnectAsync(address.Host, address.Port, timeout.Token);
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = Deadline();
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, timeout.Token)..];
    }

    /// <summary>Sends a request and reads its answer, which must come.</summary>
    public async Task<RawResponse> ExchangeAsync(string request)
    {
        await SendAsync(request);
        return await ReadAsync(request.StartsWith("HEAD ", StringComparison.Ordinal))
            ?? throw new IOException("The connection was closed without an answer.");
    }

    /// <summary>Stores a value, which must succeed.</summary>
    public async Task<RawResponse> PutAsync(string key, string value)
    {
        var answer = await TryPutAsync(key, value);
        return answer.IsSuccess ? answer : throw new InvalidOperationException($"PUT {key}: {answer}");
    }

    /// <summary>Asks for a value to be stored.</summary>
    public Task<RawResponse> TryPutAsync(string key, string value) =>
        ExchangeAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {value.Length}\r\n\r\n{value}");

    /// <summary>Reads a key.</summary>
    public Task<RawResponse> GetAsync(string key) => ExchangeAsync($"GET /v1/kv/{key} HTTP/1.1\r\nHost: x\r\n\r\n");

    /// <summary>Asks for a checkpoint.</summary>
    public Task<RawResponse> CheckpointAsync() => ExchangeAsync("POST /v1/admin/checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");

    /// <summary>What the service says of its log.</summary>
    public async Task<System.Text.Json.JsonElement> LogStatusAsync() =>
        (await ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")).Json().GetProperty("log");

    /// <summary>Reads one answer; null if the connection ended, in whatever way, before the answer's first byte.</summary>
    public async Task<RawResponse?> ReadAsync(bool isHead = false)
    {
        using var timeout = Deadline();
        try
        {
            if (_start == _end && !await FillAsync(timeout.Token))
                return null;
        }
        catch (SocketException)
        {
            return null;
        }

        RawResponse response;
        do
            response = await ReadOneAsync(isHead, timeout.Token);
        while (response.Status is >= 100 and < 200);
        return response;
    }

    /// <summary>Sends nothing more; what comes can still be read.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection as a crashed client's system does, with a reset.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CancellationTokenSource Deadline()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(Timeout);
        return source;
    }

    private async Task<RawResponse> ReadOneAsync(bool isHead, CancellationToken cancellationToken)
    {
        var statusLine = await ReadLineAsync(cancellationToken);
        if (!statusLine.StartsWith("HTTP/1.", StringComparison.Ordinal))
            throw new InvalidDataException($"Not a status line: {statusLine}");
        var status = int.Parse(statusLine.AsSpan(9, 3), CultureInfo.InvariantCulture);

        var headers = new List<(string, string)>();
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        var response = new RawResponse(status, headers, []);
        if (isHead || status is < 200 or 204 or 304)
            return response;
        if (response.Header("Transfer-Encoding") is not null)
            return response with { Body = await ReadChunkedAsync(cancellationToken) };
        return response.Header("Content-Length") is { } length
            ? response with { Body = await ReadBytesAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellationToken) }
            : response with { Body = await ReadToEndAsync(cancellationToken) };
    }

    private async Task<byte[]> ReadChunkedAsync(CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var size = int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size > 0)
                body.Write(await ReadBytesAsync(size, cancellationToken));
            if (await ReadLineAsync(cancellationToken) is not "")
                throw new InvalidDataException("A chunk does not end with an empty line.");
            if (size == 0)
                return body.WrittenSpan.ToArray();
        }
    }

    private async Task<byte[]> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        do
        {
            body.Write(_buffer.AsSpan(_start, _end - _start));
            _start = _end;
        }
        while (await FillAsync(cancellationToken));
        return body.WrittenSpan.ToArray();
    }

    private async Task<byte[]> ReadBytesAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                throw new EndOfStreamException($"The answer ended after {read} of {count} bytes.");
            var take = Math.Min(count - read, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(read));
            _start += take;
            read += take;
        }

        return bytes;
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
                throw new EndOfStreamException($"The answer ended within the line: {line}");
            var c = (char)_buffer[_start++];
            if (c == '\n')
                return line.ToString();
            if (c != '\r')
                line.Append(c);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await _socket.ReceiveAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
