using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Requests that the web server refuses before any of our code runs.</summary>
public sealed class RejectedRequestsTests(RejectedRequestsTests.Running running) : IClassFixture<RejectedRequestsTests.Running>
{
    [Theory]
    [InlineData("GARBAGE\r\n\r\n", 400, "Invalid request line")]
    [InlineData("GET /livez\r\n\r\n", 400, "Invalid request line")]
    [InlineData("BREW\u0001 / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "Invalid request line")]
    [InlineData("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET /\u0080 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET /a%00b HTTP/1.0\r\n\r\n", 400, "Invalid request target")]
    [InlineData("GET http://a/b%00c HTTP/1.1\r\nHost: a\r\n\r\n", 404, "Nothing is served at /b%00c")]
    [InlineData("GET http://b/livez HTTP/1.1\r\nHost: a\r\n\r\n", 400, "Invalid Host header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Invalid Host header")]
    [InlineData("GET /livez HTTP/1.1\r\n\r\n", 400, "missing Host header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Multiple Host headers")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n", 400, "Invalid request header")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nX\u0000: b\r\n\r\n", 400, "Invalid characters in header name")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nX: \u0000\r\n\r\n", 400, "invalid headers")]
    [InlineData("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", 400, "Invalid content length")]
    [InlineData("POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "transfer coding")]
    [InlineData("POST /livez HTTP/1.0\r\n\r\n", 400, "contains no Content-Length")]
    [InlineData("CONNECT /livez HTTP/1.1\r\nHost: a\r\n\r\n", 405, "CONNECT is not served")]
    [InlineData("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405, "CONNECT is not served")]
    [InlineData("CONNECT a%00:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400, "Invalid request target")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405, "OPTIONS is not served")]
    [InlineData("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 405, "these are: OPTIONS")]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400, "Unrecognized HTTP version")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "Unrecognized HTTP version")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400, "TLS handshake")]
    public async Task Request_Malformed_IsAProblem(string request, int status, string said)
    {
        using var tcp = await running.Service.SendAsync(request);
        Check(await ReadAsync(tcp.GetStream()), status, said);
    }

    [Fact]
    public async Task Request_TargetTooLong_Is414()
    {
        using var tcp = await running.Service.SendAsync($"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Check(await ReadAsync(tcp.GetStream()), 414, "too long");
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(101, 1)]
    public async Task Request_HeadersTooLargeOrTooMany_Is431(int count, int length)
    {
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X{i}: {new string('a', length)}\r\n"));
        using var tcp = await running.Service.SendAsync($"GET /livez HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        Check(await ReadAsync(tcp.GetStream()), 431, "headers");
    }

    [Fact]
    public async Task Request_HeadersTooSlow_Is408()
    {
        await using var service = new HostedService { Settings = { ["KvStore:HeadersTimeout"] = "00:00:01" } }.Start();
        using var tcp = await service.SendAsync("GET /livez HTTP/1.1\r\nHo");
        Check(await ReadAsync(tcp.GetStream()), 408, "too slow", "came too slowly");
    }

    [Fact]
    public async Task Request_MalformedAfterAGoodOne_BothAreAnswered()
    {
        var answers = await running.Service.ExchangeAsync("GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answers, StringComparison.Ordinal);
        Check(answers[answers.LastIndexOf("HTTP/1.1", StringComparison.Ordinal)..], 400, "Invalid request target");
    }

    [Fact]
    public async Task Request_MalformedHead_HasNoBody()
    {
        var answer = await running.Service.ExchangeAsync("HEAD /livez HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_LongestKeyFullyEncodedAndThreeMoreInTheQuery_Fits()
    {
        var key = string.Concat(Enumerable.Repeat("%61", 1024));
        var answer = await running.Service.ExchangeAsync($"GET /nowhere/{key}?prefix={key}&after={key}&cursor={key} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_Any_GetsNoServerHeader()
    {
        var answer = await running.Service.ExchangeAsync("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("\r\nServer:", answer, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads one answer by its length, because the connection may stay open, or be reset for bytes that nobody read.</summary>
    private static async Task<string> ReadAsync(Stream stream)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(HostedService.Patience);
        var answer = new StringBuilder();
        var bytes = new byte[4096];
        while (true)
        {
            var count = await stream.ReadAsync(bytes, patience.Token);
            Assert.True(count > 0, "The connection was closed after: " + answer);
            answer.Append(Encoding.Latin1.GetString(bytes, 0, count));
            var text = answer.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && text.Length >= end + 4 + LengthOf(text[..end]))
                return text[..(end + 4 + LengthOf(text[..end]))];
        }
    }

    private static int LengthOf(string head)
    {
        const string Name = "\r\nContent-Length: ";
        var start = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase) + Name.Length;
        return int.Parse(head[start..].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    private static void Check(string answer, int status, params string[] said)
    {
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        using var problem = JsonDocument.Parse(body);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(said, part => body.Contains(part, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("''", body, StringComparison.Ordinal);
        if (status == 405)
            Assert.Contains("\r\nAllow: ", answer, StringComparison.Ordinal);
        else if (status != 404)
            Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
    }

    public sealed class Running : IDisposable
    {
        internal HostedService Service { get; } = new HostedService().Start();

        public void Dispose() => Service.Dispose();
    }
}
