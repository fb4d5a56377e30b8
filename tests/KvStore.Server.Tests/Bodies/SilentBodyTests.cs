using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace KvStore.Server.Tests;

/// <summary>Clients that send most of a body at once, so that their average is good for hours, and then nothing more.</summary>
public sealed class SilentBodyTests : IAsyncLifetime
{
    private const int Bytes = 1 << 20;

    private KvServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await KvServer.StartAsync(("BodySilenceMax", "00:00:00.300"));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("PUT", "/v1/kv/silent", "Content-Length")]
    [InlineData("PUT", "/v1/kv/silent", "chunked")]
    [InlineData("PATCH", "/v1/kv/silent", "Content-Length")]
    [InlineData("POST", "/v1/kv/silent/", "chunked")]
    [InlineData("POST", "/v1/txn", "Content-Length")]
    [InlineData("POST", "/v1/txn", "chunked")]
    [InlineData("POST", "/v1/batch/get", "Content-Length")]
    [InlineData("PUT", "/person/update", "Content-Length")]
    [InlineData("GET", "/person/get", "Content-Length")]
    [InlineData("POST", "/v1/import", "Content-Length")]
    [InlineData("POST", "/v1/import", "chunked")]
    public async Task Request_BodyStalls_Is408AndCloses(string method, string target, string framing)
    {
        using var raw = await _server.ConnectAsync();
        var (header, begin) = framing == "chunked" ? ("Transfer-Encoding: chunked", $"{Bytes:x}\r\n") : ($"Content-Length: {Bytes}", "");
        await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TypeFor(target)}\r\n{header}\r\n\r\n{begin}{new string(' ', Bytes - 1)}");
        var answer = await raw.ReadAsync(method);
        answer.ExpectProblem(408, "body-too-slow");
        Assert.Equal("close", answer.Header("Connection"));
        Assert.Equal(0, _server.Store.Latest.Count);
    }

    // Each part comes long before the client's time is up, all of them only after it.
    [Theory]
    [InlineData("PUT", "/v1/kv/slow", "x", 201)]
    [InlineData("POST", "/v1/import", "\n", 200)]
    public async Task Request_BodyWithPauses_Succeeds(string method, string target, string part, int status)
    {
        await using var server = await KvServer.StartAsync(("BodySilenceMax", "00:00:02"), ("BodyBytesPerSecondMin", "1"));
        using var raw = await server.ConnectAsync();
        await raw.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TypeFor(target)}\r\nContent-Length: 10\r\n\r\n");
        for (var i = 0; i < 10; i++)
        {
            await Task.Delay(250, TestContext.Current.CancellationToken);
            await raw.SendAsync(part);
        }

        (await raw.ReadAsync(method)).Expect(status);
    }

    // A byte now and then would keep what the request holds in memory for hours.
    [Fact]
    public async Task Read_NeverSilentButTooSlow_Is408()
    {
        var silenceMax = TimeSpan.FromMilliseconds(500);
        var pipe = new Pipe();
        using var body = new BodyReader(pipe.Reader, new KvStoreOptions { BodySilenceMax = silenceMax, BodyBytesPerSecondMin = 1000 }, TestContext.Current.CancellationToken);
        using var end = new CancellationTokenSource();
        var sending = SendAsync();
        var exception = await Assert.ThrowsAsync<BadHttpRequestException>(ReadAllAsync).Within();
        Assert.Equal(408, exception.StatusCode);
        await end.CancelAsync();
        await sending;

        async Task SendAsync()
        {
            while (!end.IsCancellationRequested)
            {
                await pipe.Writer.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        async Task ReadAllAsync()
        {
            while (true)
                body.AdvanceTo((await body.ReadAsync()).Buffer.End);
        }
    }

    // What the service itself takes long for is not the client's silence.
    [Fact]
    public async Task Read_ServiceSlowerThanSilenceLimit_Continues()
    {
        var silenceMax = TimeSpan.FromMilliseconds(20);
        var pipe = new Pipe();
        using var body = new BodyReader(pipe.Reader, new KvStoreOptions { BodySilenceMax = silenceMax }, TestContext.Current.CancellationToken);
        for (var part = 0; part < 3; part++)
        {
            await pipe.Writer.WriteAsync("part"u8.ToArray(), TestContext.Current.CancellationToken);
            var read = await body.ReadAsync();
            Assert.Equal(4, read.Buffer.Length);
            body.AdvanceTo(read.Buffer.End);
            await Task.Delay(silenceMax * 10, TestContext.Current.CancellationToken);
        }
    }

    private static string TypeFor(string target) => target == "/v1/import" ? "application/x-ndjson" : target == "/v1/kv/silent" ? "application/merge-patch+json" : "application/json";
}
