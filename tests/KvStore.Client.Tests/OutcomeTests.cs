using System.Net;
using System.Net.Sockets;

namespace KvStore.Client.Tests;

/// <summary>What a failed call says about its write, over all attempts.</summary>
public sealed class OutcomeTests
{
    public static TheoryData<string> Rejections =>
    [
        Answers.Problem(412, "precondition-failed"),
        Answers.Problem(409, "not-json"),
        Answers.Problem(422, "idempotency-key-reused"),
        Answers.Problem(410, "revision-gone"),
        Answers.Problem(404, "not-found"),
        Answers.Problem(507, "no-space", "not-applied"),
    ];

    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Rejection_OfTheOnlyAttempt_IsNotApplied(string rejection)
    {
        await using var server = ScriptedServer.Always(rejection);
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAnyAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.NotApplied, failure.Outcome);
    }

    // The first attempt may have been the one that changed the entry, if its idempotency record is gone, or it is still on its way.
    [Theory]
    [MemberData(nameof(Rejections))]
    public async Task Rejection_AfterALostAnswer_IsUnknown(string rejection)
    {
        await using var server = ScriptedServer.Of(null, rejection);
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAnyAsync<KvStoreException>(() => client.DeleteAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.Unknown, failure.Outcome);
        Assert.Contains("unknown", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "queue-full")]
    [InlineData(503, "unavailable")]
    public async Task RetryRejected_AfterALostAnswer_IsUnknown(int status, string name)
    {
        await using var server = ScriptedServer.Of(null, Answers.Problem(status, name, "not-applied"));
        using var client = Clients.ClientOf(server, Clients.Quick with { RetriesMax = 1 });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal(((HttpStatusCode)status, name, KvOutcome.Unknown), (failure.StatusCode!.Value, failure.Problem, failure.Outcome));
    }

    [Fact]
    public async Task RetryRejected_AfterRejections_IsNotApplied()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(503, "unavailable", "not-applied"));
        using var client = Clients.ClientOf(server, Clients.Quick with { MakesWritesIdempotent = false });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.NotApplied, failure.Outcome);
    }

    [Theory]
    [InlineData(504, "unknown-outcome", "unknown")]
    [InlineData(500, "internal-error", null)]
    public async Task ServiceFailed_DuringTheWrite_IsUnknown(int status, string name, string? outcome)
    {
        await using var server = ScriptedServer.Always(Answers.Problem(status, name, outcome));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal((name, KvOutcome.Unknown), (failure.Problem, failure.Outcome));
        var read = await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.NotApplied, read.Outcome);
    }

    [Fact]
    public async Task Success_BodyCut_WasApplied()
    {
        var cut = Answers.Of(200, "42")[..^1];
        await using var server = ScriptedServer.Always(cut);
        using var client = Clients.ClientOf(server, Clients.Quick with { MakesWritesIdempotent = false });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.IncrementAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.Applied, failure.Outcome);
    }

    [Fact]
    public async Task Success_BodyCutAndRetryRejected_WasApplied()
    {
        await using var server = ScriptedServer.Of(Answers.Of(200, "42")[..^1], Answers.Problem(503, "unavailable", "not-applied"));
        using var client = Clients.ClientOf(server, Clients.Quick with { RetriesMax = 1 });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.IncrementAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.Applied, failure.Outcome);
    }

    [Fact]
    public async Task Retry_AnyWrite_HasTheSameIdempotencyKey()
    {
        var keys = new List<string?>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            keys.Add(request.Header("Idempotency-Key"));
            return connection.SendAsync(keys.Count < 3 ? Answers.Problem(504, "unknown-outcome", "unknown") : Answers.Written());
        });
        using var client = Clients.ClientOf(server);
        await client.PutAsync("key", "value", cancellationToken: Clients.Token);
        Assert.Equal(3, keys.Count);
        Assert.NotNull(keys[0]);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task NoIdempotencyKey_UnknownOutcome_IsNotRepeated()
    {
        var requests = 0;
        await using var server = new ScriptedServer((_, _) => Task.FromResult(++requests));
        using var client = Clients.ClientOf(server, Clients.Quick with { MakesWritesIdempotent = false });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.IncrementAsync("key", cancellationToken: Clients.Token));
        Assert.Equal((1, KvOutcome.Unknown), (requests, failure.Outcome));
    }

    // .NET itself repeats a request without a body when a reused connection ends, and a failure to connect would then hide that it had been sent.
    [Theory]
    [InlineData("DELETE")]
    [InlineData("POST")]
    public async Task ReusedConnection_EndsWithoutAnAnswer_IsUnknown(string method)
    {
        var requests = new List<string>();
        await using var server = new ScriptedServer(async (request, connection) =>
        {
            requests.Add(request.Method);
            if (requests.Count > 1)
                return;
            await connection.SendAsync(Answers.KeepingAlive(Answers.Entry("value")));
            connection.KeepAlive();
        });
        var connects = 0;
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                if (++connects > 1)
                    throw new SocketException((int)SocketError.ConnectionRefused);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, server.Address, Clients.Quick with { MakesWritesIdempotent = false });
        Assert.NotNull(await client.GetAsync("key", cancellationToken: Clients.Token));
        var failure = await Assert.ThrowsAsync<KvStoreException>(
            () => method == "DELETE" ? client.DeleteAsync("key", cancellationToken: Clients.Token) : client.IncrementAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(KvOutcome.Unknown, failure.Outcome);
        Assert.Equal(["GET", method], requests);
    }
}
