using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>Clients that send a request and do not read its answer.</summary>
public sealed partial class UnreadAnswerTests : IAsyncLifetime
{
    private const int Bytes = 16 << 20;

    private KvServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync(("BodySilenceMax", "00:00:00.300"), ("ValueBytesMax", $"{Bytes}"));
        await _server.CommitAsync(Some.Put("large", new string('\u0001', Bytes)));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/kv/large", "")]
    [InlineData("GET", "/v1/kv?prefix=&values=true", "")]
    [InlineData("GET", "/v1/export", "")]
    [InlineData("GET", "/v1/watch?prefix=&initial=true", "")]
    [InlineData("GET", "/v1/watch?prefix=&after=0", "")]
    [InlineData("POST", "/v1/batch/get", """{"keys":["large"]}""")]
    [InlineData("POST", "/v1/txn", """{"operations":[{"get":{"key":"large"}}]}""")]
    public async Task Request_AnswerNotRead_ClosesConnection(string method, string target, string body)
    {
        using var raw = await _server.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await Soon.UntilAsync(async () => Answered().IsMatch((await _server.Client.GetAsync("/metrics")).Text));
        Assert.InRange((await raw.ReadToEndAsync()).Length, 1, Bytes - 1);
        (await _server.Client.GetAsync("/livez")).Expect(200);
    }

    // It takes much longer than the longest silence.
    [Fact]
    public async Task Request_AnswerReadSlowly_IsWhole()
    {
        await using var server = await KvServer.StartAsync(("BodySilenceMax", "00:00:04"), ("BodyBytesPerSecondMin", "1KiB"), ("SendBufferBytes", "4KiB"), ("ValueBytesMax", $"{Bytes}"));
        await server.CommitAsync(Some.Put("large", new string('v', 1 << 20)));
        using var raw = await server.SendAsync("GET /v1/kv/large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        (await raw.ReadHeadAsync()).Expect(200);
        for (var piece = 0; piece < 128; piece++)
        {
            await raw.TakeAsync(8192);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [GeneratedRegex("""kvstore_http_requests_total\{operation="(?!other|metrics|livez)""")]
    private static partial Regex Answered();
}
