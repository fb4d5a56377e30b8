namespace KvStore.Server.Tests;

/// <summary>What lasts ends when its key is removed, is changed or expires, and nothing of another key does.</summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private static readonly MatrixCaller Revoked = new("revoked", Rights.Read | Rights.Write, "team-a/");
    private static readonly MatrixCaller Other = new("other", Rights.Read | Rights.Write, "team-a/");

    private KeyedServer _keyed = null!;

    public async ValueTask InitializeAsync() => _keyed = await KeyedServer.StartAsync([Revoked, Other]);

    public ValueTask DisposeAsync() => _keyed.DisposeAsync();

    [Fact]
    public async Task Watch_KeyRevoked_GetsEventAndEnd()
    {
        using var revoked = await WatchAsync(Revoked);
        using var other = await WatchAsync(Other);
        await _keyed.Server.WatchersAsync(2);
        _keyed.Revoke(Revoked);
        var last = await revoked.NextAsync("revoked");
        Assert.Null(last.Id);
        Assert.Equal(["detail"], last.Json.EnumerateObject().Select(member => member.Name));
        Assert.Null(await revoked.NextOrEndAsync());

        await _keyed.Server.CommitAsync(Some.Put("team-a/k"));
        Assert.Equal(["put team-a/k"], (await other.NextAsync("change")).Changes);
        await _keyed.Server.WatchersAsync(1);
    }

    // The changes are there before the key is revoked, but the client has not read them.
    [Fact]
    public async Task Watch_RevokedWhileBehind_SendsNoMore()
    {
        const int Entries = 64;
        var value = new string('v', 1 << 20);
        for (var i = 0; i < Entries; i++)
            await _keyed.Server.CommitAsync(Some.Put($"team-a/{i}", value));
        using var slow = await EventStream.OpenAsync(_keyed.Server.Address, "?prefix=team-a/&initial=true", null, Revoked.Header);
        Assert.Equal("entry", (await slow.NextAsync("entry")).Name);
        _keyed.Revoke(Revoked);
        var entries = 1;
        ServerSentEvent? next;
        while ((next = await slow.NextOrEndAsync()) is { Name: "entry" })
            entries++;
        Assert.Equal("revoked", next?.Name);
        Assert.InRange(entries, 1, Entries - 1);
    }

    [Fact]
    public async Task LongPoll_KeyRevoked_Is401AndOthersWait()
    {
        await _keyed.Server.CommitAsync(Some.Put("team-a/k", "before"));
        var after = _keyed.Server.Store.Latest.Revision;
        var revoked = _keyed.Client.GetAsync($"/v1/kv/team-a/k?wait=60&after={after}", Revoked.Header);
        var other = _keyed.Client.GetAsync($"/v1/kv/team-a/k?wait=60&after={after}", Other.Header);
        await _keyed.Server.WatchersAsync(2);
        _keyed.Revoke(Revoked);
        var answer = (await revoked.Within()).ExpectProblem(401, "unauthorized");
        Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Null(answer.Revision);

        await _keyed.Server.CommitAsync(Some.Put("team-a/k", "after"));
        Assert.Equal("after", (await other.Within()).Expect(200).Text);
    }

    [Fact]
    public async Task Export_KeyRevoked_IsCutOff()
    {
        for (var i = 0; i < 40; i++)
            await _keyed.Server.CommitAsync(Some.Put($"team-a/{i}", new string('x', 1_000_000)));
        using var export = await _keyed.Server.SendAsync($"GET /v1/export?prefix=team-a/ HTTP/1.1\r\nHost: localhost\r\n{Revoked.Header.Name}: {Revoked.Header.Value}\r\n\r\n");
        Assert.Equal(200, (await export.ReadHeadAsync()).Status);
        _keyed.Revoke(Revoked);
        await Soon.UntilAsync(() => _keyed.Server.Store.Leases.Count == 0);
        try
        {
            Assert.DoesNotContain("\r\n0\r\n\r\n", await export.ReadToEndAsync());
        }
        catch (IOException)
        {
            // A reset connection is no complete body either.
        }
    }

    [Fact]
    public async Task Import_KeyRevoked_StoresNoMore()
    {
        using var import = await _keyed.Server.SendAsync(
            $"POST /v1/import HTTP/1.1\r\nHost: localhost\r\n{Revoked.Header.Name}: {Revoked.Header.Value}\r\nAccept: application/x-ndjson\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        await SendLinesAsync(import, 0, 10_000);
        await Soon.UntilAsync(() => _keyed.Server.Store.Latest.Count == 10_000);
        _keyed.Revoke(Revoked);
        await SendLinesAsync(import, 10_000, 1);
        await import.SendAsync("0\r\n\r\n");
        var lines = (await import.ReadAsync("POST")).Expect(200).Text.Trim().Split('\n');
        Assert.Contains("\"status\":401", lines[^1], StringComparison.Ordinal);
        Assert.Equal(10_000, _keyed.Server.Store.Latest.Count);
    }

    [Theory]
    [InlineData("PUT /v1/kv/team-a/k", "text/plain", "12345678", 0)]
    [InlineData("PUT /v1/kv/team-a/k", "text/plain", "12345678", 4)]
    [InlineData("POST /v1/kv/team-a/", "text/plain", "12345678", 4)]
    [InlineData("POST /v1/txn", "application/json", """{"operations":[{"put":{"key":"team-a/k","text":"v"}}]}""", 4)]
    public async Task Body_KeyRevokedWhileItArrives_StoresNothing(string request, string type, string body, int arrived)
    {
        using var client = await _keyed.Server.SendAsync(
            $"{request} HTTP/1.1\r\nHost: localhost\r\n{Revoked.Header.Name}: {Revoked.Header.Value}\r\nExpect: 100-continue\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body[..arrived]}");
        Assert.Equal(100, (await client.ReadHeadAsync()).Status);
        _keyed.Revoke(Revoked);
        await client.SendAsync(body[arrived..]);
        Assert.Contains("error=\"invalid_token\"", (await client.ReadAsync("POST")).ExpectProblem(401, "unauthorized").Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Equal(0, _keyed.Server.Store.Latest.Count);
    }

    private static Task SendLinesAsync(RawConnection import, int from, int count)
    {
        var lines = string.Concat(Enumerable.Range(from, count).Select(i => $"{{\"key\":\"team-a/{i}\",\"json\":1}}\n"));
        return import.SendAsync($"{lines.Length:x}\r\n{lines}\r\n");
    }

    private async Task<EventStream> WatchAsync(MatrixCaller caller) => await EventStream.OpenAsync(_keyed.Server.Address, "?prefix=team-a/", null, caller.Header);
}
