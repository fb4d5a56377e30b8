namespace KvStore.Client.Tests;

/// <summary>Revisions know the store that assigned them.</summary>
public sealed class RevisionTests
{
    [Theory]
    [InlineData("00000000000000aa.42", 42)]
    [InlineData("ffffffffffffffff.9223372036854775807", long.MaxValue)]
    [InlineData("42", 42)]
    [InlineData("0", 0)]
    public void Text_OfARevision_RoundTrips(string text, long number)
    {
        var revision = KvRevision.Parse(text);
        Assert.Equal((text, number), (revision.ToString(), revision.Number));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".42")]
    [InlineData("aa.42")]
    [InlineData("00000000000000aa.")]
    [InlineData("0000000000000000.42")]
    [InlineData("00000000000000aa.-1")]
    [InlineData("-1")]
    [InlineData("00000000000000aa.4.2")]
    [InlineData("00000000000000aa.9223372036854775808")]
    [InlineData("00000000000000aa.42\0")]
    [InlineData("00000000000000a\0.42")]
    public void Text_OfNoRevision_IsRejected(string text) => Assert.Throws<FormatException>(() => KvRevision.Parse(text));

    [Fact]
    public async Task Request_WithARevision_NamesItsStore()
    {
        var requests = new List<(string Target, string? Store)>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            requests.Add((request.Target, request.Header("KvStore-Store-Id")));
            return connection.SendAsync(request.Method switch
            {
                "GET" when request.Target.StartsWith("/v1/kv?", StringComparison.Ordinal) => Answers.Of(200, """{"revision":7,"count":1,"items":[],"cursor":null}"""),
                "GET" => Answers.Entry("value"),
                "POST" => Answers.Of(200, """{"revision":7,"items":[],"results":[]}"""),
                _ => Answers.Written(),
            });
        });
        using var client = Clients.ClientOf(server);
        var revision = (await client.PutAsync("key", "value", cancellationToken: Clients.Token)).Revision;
        Assert.Equal("00000000000000aa.7", revision.ToString());
        Assert.Equal((null, 1), (requests[0].Store, requests.Count));
        requests.Clear();

        var read = new KvReadOptions { MinRevision = revision };
        await client.GetAsync("key", read, Clients.Token);
        await client.GetAsync("key", new KvReadOptions { Revision = revision }, Clients.Token);
        await client.GetManyAsync(["key"], read, Clients.Token);
        await client.CountAsync("", read, Clients.Token);
        await client.ListAsync("", options: read, cancellationToken: Clients.Token).ToListAsync(Clients.Token);
        await client.PutAsync("key", "value", new KvWriteOptions { IfRevision = revision }, Clients.Token);
        await client.DeleteAsync("key", new KvWriteOptions { IfRevision = revision }, Clients.Token);
        await client.TransactAsync(new KvTransaction().IfRevision("key", revision).Delete("key"), Clients.Token);
        Assert.Equal(8, requests.Count);
        Assert.All(requests, request => Assert.Equal(Answers.Store, request.Store));
    }

    [Fact]
    public async Task Revision_OfAnotherStore_IsGone()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(410, "other-store"));
        using var client = Clients.ClientOf(server);
        var other = KvRevision.Parse("00000000000000bb.3");
        await Assert.ThrowsAsync<KvRevisionGoneException>(() => client.GetAsync("key", new KvReadOptions { MinRevision = other }, Clients.Token));
        var write = await Assert.ThrowsAsync<KvRevisionGoneException>(() => client.PutAsync("key", "value", new KvWriteOptions { IfRevision = other }, Clients.Token));
        Assert.Equal(KvOutcome.NotApplied, write.Outcome);
    }

    [Fact]
    public async Task Revisions_OfDifferentStores_CannotBeCombined()
    {
        await using var server = ScriptedServer.Always(Answers.Written());
        using var client = Clients.ClientOf(server);
        var (one, other) = (KvRevision.Parse("00000000000000aa.3"), KvRevision.Parse("00000000000000bb.3"));
        Assert.Throws<ArgumentException>(() => new KvTransaction().IfRevision("a", one).IfRevision("b", other));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetAsync("key", new KvReadOptions { Revision = one, MinRevision = other }, Clients.Token));
    }

    [Fact]
    public async Task PreconditionFailed_Current_IsARevisionOfTheStore()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(412, "precondition-failed", headers: $"ETag: \"5\"\r\nKvStore-Revision: 7\r\nKvStore-Store-Id: {Answers.Store}\r\n"));
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvPreconditionFailedException>(() => client.PutAsync("key", "value", new KvWriteOptions { IfAbsent = true }, Clients.Token));
        Assert.Equal("00000000000000aa.5", failure.CurrentRevision.ToString());
    }
}
