namespace KvStore.Server.Tests;

/// <summary>What large answers take in memory while their clients do not read them.</summary>
public sealed class LargeAnswerTests : IAsyncLifetime
{
    private const int ValueBytes = 1 << 20;

    private KvServer _server = null!;
    private MemoryAccount _account = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync(("SendBufferBytes", "64KiB"));
        _account = _server.Store.Memory.Answers;
        await _server.CommitAsync(Some.Put("large", new string('v', ValueBytes)), Some.Put("small"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/kv/large", "")]
    [InlineData("POST", "/v1/batch/get", """{"keys":["large","small"]}""")]
    [InlineData("POST", "/v1/txn", """{"operations":[{"get":{"key":"large"}}]}""")]
    public async Task Request_ManyDoNotRead_ValueIsChargedOnce(string method, string target, string body)
    {
        const int Clients = 20;
        var clients = new List<RawConnection>();
        for (var i = 0; i < Clients; i++)
            clients.Add(await _server.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        await Soon.UntilAsync(() => _account.Bytes > (Clients * 96 * 1024) + ValueBytes);
        Assert.InRange(_account.Bytes, 1, (Clients * 96 * 1024) + (2 * ValueBytes) - 1);

        // Replaced, the old one stays as long as it is sent.
        await _server.CommitAsync(Some.Put("large", new string('w', ValueBytes)));
        var before = _account.Bytes;
        clients.Add(await _server.SendAsync("GET /v1/kv/large HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        await Soon.UntilAsync(() => _account.Bytes > before + ValueBytes);

        // Others are served meanwhile.
        (await _server.Client.GetAsync("/v1/kv/small")).Expect(200);
        (await _server.Client.GetAsync("/v1/kv/large")).Expect(200);
        clients.ForEach(client => client.Reset());
        await Soon.UntilAsync(() => _account.Bytes == 0);
    }

    [Fact]
    public async Task Request_AccountFull_LargeAnswersAre503()
    {
        _account.Charge(_account.BytesMax);
        var answer = (await _server.Client.GetAsync("/v1/kv/large")).ExpectProblem(503, "overloaded");
        Assert.NotNull(answer.Header("Retry-After"));
        using var raw = await _server.ConnectAsync();
        (await raw.RequestAsync("POST", "/v1/batch/get", """{"keys":["large"]}""", "Content-Type: application/json")).ExpectProblem(503, "overloaded");
        var revision = _server.Store.Latest.Revision;
        var write = await raw.RequestAsync("POST", "/v1/txn", """{"operations":[{"get":{"key":"large"}},{"put":{"key":"new","json":1}}]}""", "Content-Type: application/json");
        Assert.Equal("not-applied", write.ExpectProblem(503, "overloaded").Json.GetProperty("outcome").GetString());
        Assert.Equal(revision, _server.Store.Latest.Revision);

        (await raw.RequestAsync("HEAD", "/v1/kv/large")).Expect(200);
        (await raw.RequestAsync("GET", "/v1/kv/small")).Expect(200);
        _account.Release(_account.BytesMax);
        (await _server.Client.GetAsync("/v1/kv/large")).Expect(200);
    }
}
