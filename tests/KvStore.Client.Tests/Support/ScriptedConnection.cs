using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Client.Tests;

/// <summary>A request as it arrived.</summary>
internal sealed record ScriptedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;
}

/// <summary>The server's side of a connection.</summary>
internal sealed class ScriptedConnection(Socket socket, CancellationToken stop) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly List<byte> _read = [];

    /// <summary>Whether another request is served on this connection.</summary>
    public bool KeepsAlive { get; private set; }

    /// <summary>Serves another request on this connection.</summary>
    public void KeepAlive() => KeepsAlive = true;

    public Task SendAsync(string bytes) => SendAsync(Encoding.UTF8.GetBytes(bytes));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, stop);

    /// <summary>Waits until the client closes the connection.</summary>
    public async Task WhenClosedAsync()
    {
        var buffer = new byte[1];
        try
        {
            while (await _stream.ReadAsync(buffer, stop) > 0)
            {
            }
        }
        catch (IOException)
        {
            // It was reset, which is a way to close it.
        }
    }

    /// <summary>The next request; null if the client closed the connection.</summary>
    public async Task<ScriptedRequest?> ReadRequestAsync()
    {
        KeepsAlive = false;
        int end;
        while ((end = Encoding.Latin1.GetString([.. _read]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            if (!await ReadMoreAsync())
                return null;
        }

        var head = Encoding.Latin1.GetString([.. _read[..end]]).Split("\r\n");
        _read.RemoveRange(0, end + 4);
        var headers = head[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var length = headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        while (_read.Count < length)
        {
            if (!await ReadMoreAsync())
                return null;
        }

        var body = _read[..length].ToArray();
        _read.RemoveRange(0, length);
        var line = head[0].Split(' ');
        return new ScriptedRequest(line[0], line[1], headers, body);
    }

    public void Dispose() => _stream.Dispose();

    private async Task<bool> ReadMoreAsync()
    {
        var buffer = new byte[4096];
        var count = await _stream.ReadAsync(buffer, stop);
        _read.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }
}
