using System.Net;

namespace KvStore.Client.Tests;

/// <summary>The key of a client is in each of its requests, and nowhere else.</summary>
public sealed class ApiKeyTests
{
    private const string Key = "kv_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";

    [Fact]
    public async Task Request_WithApiKey_CarriesIt()
    {
        var sent = new List<string?>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            sent.Add(request.Header("Authorization"));
            return connection.SendAsync(sent.Count == 1 ? Answers.Problem(503, "unavailable") : Answers.Written());
        });
        using var client = Clients.ClientOf(server, Clients.Quick with { ApiKey = Key });
        await client.PutAsync("key", "value", cancellationToken: Clients.Token);
        Assert.Equal(["Bearer " + Key, "Bearer " + Key], sent);
    }

    [Fact]
    public async Task Request_WithoutApiKey_HasNoAuthorization()
    {
        string? sent = "";
        await using var server = new ScriptedServer((request, connection) =>
        {
            sent = request.Header("Authorization");
            return connection.SendAsync(Answers.Written());
        });
        using var client = Clients.ClientOf(server);
        await client.PutAsync("key", "value", cancellationToken: Clients.Token);
        Assert.Null(sent);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "unauthorized")]
    [InlineData(HttpStatusCode.Forbidden, "forbidden")]
    public async Task Refusal_OfTheKey_IsNotRepeatedAndDoesNotNameIt(HttpStatusCode status, string slug)
    {
        var requests = 0;
        await using var server = new ScriptedServer((_, connection) =>
        {
            requests++;
            return connection.SendAsync(Answers.Problem((int)status, slug));
        });
        using var client = Clients.ClientOf(server, Clients.Quick with { ApiKey = Key });
        var thrown = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal((status, KvOutcome.NotApplied, 1), (thrown.StatusCode, thrown.Outcome, requests));
        Assert.DoesNotContain(Key, thrown.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("kv_a\n")]
    [InlineData("kv a")]
    [InlineData("kv_\u00e9")]
    public void ApiKey_NoHeaderCanCarry_IsRejected(string key) => Assert.Throws<ArgumentException>(() => new KvStoreClientOptions { ApiKey = key });

    [Fact]
    public void ToString_WithApiKey_DoesNotShowIt()
    {
        var text = new KvStoreClientOptions { ApiKey = Key }.ToString();
        Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
        Assert.Contains("ApiKey = given", text, StringComparison.Ordinal);
    }
}
