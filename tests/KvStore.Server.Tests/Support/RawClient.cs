using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>
/// HTTP/1.1 over a socket, byte for byte as the test writes it: for targets, header lines and bodies that no HTTP client
/// library would send.
/// </summary>
public sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TcpClient _tcp;
    private readonly BufferedStream _input;

    private RawClient(TcpClient tcp)
    {
        _tcp = tcp;
        _input = new BufferedStream(tcp.GetStream(), 16 * 1024);
    }

    public static async Task<RawClient> ConnectAsync(IPEndPoint endPoint)
    {
        var tcp = new TcpClient { NoDelay = true, LingerState = new LingerOption(true, 0) };
        await tcp.ConnectAsync(endPoint, TestContext.Current.CancellationToken);
        return new RawClient(tcp);
    }

    /// <summary>Sends bytes.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _tcp.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Sends text, each character as a byte.</summary>
    public ValueTask SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends a request on this connection, which stays open, and holds the answer against the contract.</summary>
    public async Task<Answer> RequestAsync(string method, string target, string body = "", params string[] headerLines)
    {
        var length = body.Length > 0 || method == "PUT" ? $"Content-Length: {body.Length}\r\n" : "";
        await SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{length}{string.Concat(headerLines.Select(line => line + "\r\n"))}\r\n{body}");
        var answer = await ReadAsync(method);
        Contract.Check(method, target, answer);
        return answer;
    }

    /// <summary>Reads the next answer.</summary>
    /// <param name="method">What was asked: an answer to HEAD has no body.</param>
    /// <param name="unread">The media type of bodies that are not to be read, because they have no end.</param>
    public async Task<Answer> ReadAsync(string method = "GET", string? unread = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var statusLine = await ReadLineAsync(patience.Token);
        Assert.StartsWith("HTTP/1.1 ", statusLine, StringComparison.Ordinal);
        var status = int.Parse(statusLine.AsSpan(9, 3), CultureInfo.InvariantCulture);

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(patience.Token) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            headers.Add(line[..colon], line[(colon + 1)..].Trim());
        }

        var body = method == "HEAD" || status is < 200 or 204 or 304 || (unread is not null && headers.GetValueOrDefault("Content-Type") == unread) ? [] : await ReadBodyAsync(headers, patience.Token);
        return new Answer(status, headers, body);
    }

    /// <summary>Says that nothing more will be sent, and waits until the server has closed the connection as well.</summary>
    /// <returns>What came until then.</returns>
    public async Task<string> EndAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var rest = new MemoryStream();
        try
        {
            _tcp.Client.Shutdown(SocketShutdown.Send);
            await _input.CopyToAsync(rest, patience.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // The server closed the connection before it had read everything, which resets it.
        }

        return Encoding.Latin1.GetString(rest.ToArray());
    }

    /// <summary>Goes away without a word: the connection is reset.</summary>
    public void Dispose()
    {
        _tcp.Dispose();
        _input.Dispose();
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if (headers.TryGetValue("Content-Length", out var length))
        {
            await CopyAsync(body, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }
        else if (headers.ContainsKey("Transfer-Encoding"))
        {
            while (int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var chunk)
            {
                await CopyAsync(body, chunk, cancellationToken);
                Assert.Empty(await ReadLineAsync(cancellationToken));
            }

            Assert.Empty(await ReadLineAsync(cancellationToken));
        }

        return body.ToArray();
    }

    private async Task CopyAsync(MemoryStream to, int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await _input.ReadExactlyAsync(bytes, cancellationToken);
        to.Write(bytes);
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            await _input.ReadExactlyAsync(one, cancellationToken);
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
    }
}
