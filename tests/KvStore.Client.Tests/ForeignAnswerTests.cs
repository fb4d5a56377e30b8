using System.Net;

namespace KvStore.Client.Tests;

/// <summary>Answers that look like one of the service but come from something else at the address or on the way to it.</summary>
public sealed class ForeignAnswerTests
{
    private const string OtherServicesProblem = """{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.5","title":"Not Found","status":404}""";

    public static TheoryData<int> Statuses => [200, 201, 204, 302, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 502, 503, 504];

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Call_AnsweredByAProxy_SaysSo(int status)
    {
        await using var server = ScriptedServer.Always(Answers.Html(status, status == 302 ? "Location: https://login.invalid/\r\n" : ""));
        using var client = Clients.ClientOf(server);
        Func<Task>[] reads =
        [
            () => client.GetAsync("key", cancellationToken: Clients.Token),
            () => client.GetManyAsync(["key"], cancellationToken: Clients.Token),
            () => client.CountAsync(cancellationToken: Clients.Token),
            () => client.ListAsync(cancellationToken: Clients.Token).ToListAsync(Clients.Token).AsTask(),
            () => client.WatchAsync("key", cancellationToken: Clients.Token).ToListAsync(Clients.Token).AsTask(),
        ];
        Func<Task>[] writes =
        [
            () => client.PutAsync("key", "value", cancellationToken: Clients.Token),
            () => client.DeleteAsync("key", cancellationToken: Clients.Token),
            () => client.PatchAsync("key", "{}"u8.ToArray(), cancellationToken: Clients.Token),
            () => client.IncrementAsync("key", cancellationToken: Clients.Token),
            () => client.AppendAsync("key/", default, cancellationToken: Clients.Token),
            () => client.DeletePrefixAsync("key", Clients.Token),
            () => client.TransactAsync(new KvTransaction().Delete("key"), Clients.Token),
        ];
        foreach (var read in reads)
            AssertForeign(await Assert.ThrowsAsync<KvStoreException>(read), KvOutcome.NotApplied);
        foreach (var write in writes)
            AssertForeign(await Assert.ThrowsAsync<KvStoreException>(write), KvOutcome.Unknown);

        void AssertForeign(KvStoreException failure, KvOutcome outcome)
        {
            Assert.Equal(((HttpStatusCode)status, "", outcome), (failure.StatusCode!.Value, failure.Problem, failure.Outcome));
            Assert.Contains($"was answered {status} ", failure.Message, StringComparison.Ordinal);
            Assert.Contains("not by KvStore", failure.Message, StringComparison.Ordinal);
            Assert.Contains(server.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
            Assert.Equal(status == 302, failure.Message.Contains("https://login.invalid/", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Get_NotFoundOfTheService_IsNull()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(404, "not-found"));
        using var client = Clients.ClientOf(server);
        Assert.Null(await client.GetAsync("key", cancellationToken: Clients.Token));
        Assert.Null(await client.DeleteAsync("key", cancellationToken: Clients.Token));
        Assert.Null(await client.PatchAsync("key", "{}"u8.ToArray(), cancellationToken: Clients.Token));
    }

    [Fact]
    public async Task Get_WrongPathOfTheService_IsNoAbsence()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(404, "no-such-resource"));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
        Assert.Equal("no-such-resource", failure.Problem);
        var write = await Assert.ThrowsAsync<KvStoreException>(() => client.DeleteAsync("key", cancellationToken: Clients.Token));
        Assert.Equal(("no-such-resource", KvOutcome.NotApplied), (write.Problem, write.Outcome));
    }

    [Theory]
    [InlineData(OtherServicesProblem)]
    [InlineData("""{"type":"about:blank","title":"Not Found","status":404}""")]
    [InlineData("""{"type":"docs/http-api.md#not-found","title":"Not Found","status":412}""")]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Get_ProblemOfAnotherService_IsNoAbsence(string problem)
    {
        await using var server = ScriptedServer.Always(Answers.Raw(404, problem, "application/problem+json", ""));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
        Assert.Contains("not by KvStore", failure.Message, StringComparison.Ordinal);
    }

    // A proxy that speaks HTTP/1.0 ends a body by closing the connection, so "42" cut after its first byte would be a number too.
    [Fact]
    public async Task Call_BodyWithoutALength_IsNotTrusted()
    {
        await using var server = ScriptedServer.Always("HTTP/1.1 200 OK\r\nConnection: close\r\nKvStore-Revision: 7\r\nETag: \"7\"\r\n\r\n4");
        using var client = Clients.ClientOf(server);
        await Assert.ThrowsAsync<KvStoreException>(() => client.IncrementAsync("key", cancellationToken: Clients.Token));
        await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"revision":7,"results":null}""")]
    [InlineData("""{"revision":7,"results":[]}""")]
    public async Task Transact_UnreadableResult_WasApplied(string body)
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, body));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.TransactAsync(new KvTransaction().Get("key"), Clients.Token));
        Assert.Equal(KvOutcome.Applied, failure.Outcome);
        await Assert.ThrowsAsync<KvStoreException>(() => client.CountAsync(cancellationToken: Clients.Token));
        Func<Task>[] writes =
        [
            () => client.IncrementAsync("key", cancellationToken: Clients.Token),
            () => client.AppendAsync("key/", default, cancellationToken: Clients.Token),
            () => client.DeletePrefixAsync("key", Clients.Token),
        ];
        foreach (var write in writes)
            Assert.Equal(KvOutcome.Applied, (await Assert.ThrowsAsync<KvStoreException>(write)).Outcome);
    }
}
