using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>A server that gives its first request one answer, whatever it asks.</summary>
internal sealed class OneAnswer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _answering;

    public OneAnswer(int status, string body)
    {
        _listener.Start();
        Url = $"http://{_listener.LocalEndpoint}";
        _answering = AnswerAsync($"HTTP/1.1 {status} x\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");
    }

    public string Url { get; }

    /// <summary>The headers of the request.</summary>
    public string Request { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AnswerAsync(string answer)
    {
        using var connection = await _listener.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        var buffer = new byte[4096];
        while (!Request.Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer) is > 0 and var read)
            Request += Encoding.ASCII.GetString(buffer, 0, read);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
    }
}
