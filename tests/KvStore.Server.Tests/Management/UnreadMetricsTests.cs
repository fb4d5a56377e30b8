using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server.Tests;

/// <summary>Clients that ask for metrics and do not read them.</summary>
public sealed class UnreadMetricsTests
{
    private const string Request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

    // More than the buffers on the way take. The web server itself would wait for hours at this rate.
    [Fact]
    public async Task Metrics_ClientDoesNotRead_IsChargedAndCutOff()
    {
        const int Requests = 1000;
        await using var server = await KvServer.StartAsync(("SendBufferBytes", "4096"), ("BodySilenceMax", "00:00:00.300"), ("BodyBytesPerSecondMin", "1"));
        using var raw = await server.SendAsync(string.Concat(Enumerable.Repeat(Request, Requests)));
        await Soon.UntilAsync(() => server.Store.Memory.Answers.Bytes > 0);
        await Soon.UntilAsync(async () => (await server.Client.GetAsync("/v1/status")).Json.GetProperty("connections").GetProperty("open").GetInt32() == 1);
        Assert.InRange((await raw.ReadToEndAsync()).Split("HTTP/1.1 200").Length, 2, Requests - 1);
        await Soon.UntilAsync(() => server.Store.Memory.Answers.Bytes == 0);
    }

    [Fact]
    public void Begin_OneMoreThanMax_EndsOldest()
    {
        var account = new MemoryAccount("answers", 100);
        var answers = new MetricsAnswers(account);
        var requests = Enumerable.Range(0, MetricsAnswers.Max + 2).Select(_ => new Lifetime()).ToArray();
        var begun = requests.Select(request => answers.Begin(request.Context, 10)).ToArray();
        Assert.Equal([0, 1], Enumerable.Range(0, requests.Length).Where(i => requests[i].IsAborted));
        Assert.Equal(10 * begun.Length, account.Bytes);

        // One that has ended makes room, and its context may be that of another request.
        begun[0].Dispose();
        begun[2].Dispose();
        var next = new Lifetime();
        begun[0] = answers.Begin(next.Context, 10);
        Assert.Equal(2, requests.Count(request => request.IsAborted));
        begun[2] = answers.Begin(next.Context, 10);
        Assert.Equal([0, 1, 3], Enumerable.Range(0, requests.Length).Where(i => requests[i].IsAborted));
        Assert.All(begun, answer => answer.Dispose());
        Assert.Equal(0, account.Bytes);
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public Lifetime() => Context.Features.Set<IHttpRequestLifetimeFeature>(this);

        public DefaultHttpContext Context { get; } = new();

        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
