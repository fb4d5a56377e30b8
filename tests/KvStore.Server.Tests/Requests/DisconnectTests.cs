namespace KvStore.Server.Tests;

/// <summary>Clients that go away in the middle.</summary>
public sealed class DisconnectTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("Content-Length: 1000")]
    [InlineData("Content-Length: 1048576")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Put_ClientDisconnectsInBody_LeavesNoTrace(string framing)
    {
        await server.Client.PutAsync("/v1/kv/half", "before");
        var before = server.Store.Latest;
        for (var i = 0; i < 50; i++)
        {
            using var raw = await server.ConnectAsync();
            await raw.SendAsync($"PUT /v1/kv/half HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n");
            await raw.SendAsync(framing.StartsWith('T') ? "5\r\nhello\r\n" : "hello");

            // Half of them end politely, which shows when the server is done with the request; the others reset.
            if (i % 2 == 0)
                Assert.DoesNotContain("HTTP/1.1 2", await raw.EndAsync(), StringComparison.Ordinal);
            else
                raw.Reset();
        }

        // Later requests are answered, and the store has admitted nothing since.
        Assert.Equal("before", (await server.Client.GetAsync("/v1/kv/half")).Expect(200).Text);
        Assert.Same(before, server.Store.Latest);
        Assert.Equal((0, 0L), (server.Store.QueuedOperations, server.Store.QueuedBytes));
    }

    [Theory]
    [InlineData("zz\r\nhello\r\n")]
    [InlineData("5\r\nhelloworld\r\n")]
    [InlineData("-5\r\nhello\r\n")]
    public async Task Put_MalformedChunks_IsRejected(string chunks)
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync($"PUT /v1/kv/chunks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        (await raw.ReadAsync("PUT")).ExpectProblem(400, "malformed-request");
        (await server.Client.GetAsync("/v1/kv/chunks")).Expect(404);
    }

    [Fact]
    public async Task Put_ClientDisconnectsAfterBody_IsDecided()
    {
        const int count = 500;
        for (var i = 0; i < count; i++)
        {
            using var raw = await server.ConnectAsync();
            await raw.SendAsync($"PUT /v1/kv/gone/{i} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
            raw.Reset();
            Assert.Equal($"{i}", (await PutAndGetAsync($"/v1/kv/staying/{i}", $"{i}")).Text);
        }

        // A reset may overtake its own body, so not every write was admitted; those that were are there, whole.
        Assert.Equal((0, 0L), (server.Store.QueuedOperations, server.Store.QueuedBytes));
        Assert.Equal(StoreState.Running, server.Store.State);
        foreach (var item in (await server.Client.GetAsync("/v1/kv?prefix=gone/&values=true&limit=1000")).Json.GetProperty("items").EnumerateArray())
            Assert.Equal("hello", item.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Put_ClientDisconnectsAfterAdmission_IsStored()
    {
        var gate = new Gate();
        await using var own = await KvServer.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        using (var raw = await own.ConnectAsync())
        {
            await raw.SendAsync("PUT /v1/kv/gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
            await gate.Reached;
            raw.Reset();
        }

        var other = own.Client.PutAsync("/v1/kv/other", "v");
        gate.Open();
        (await other).Expect(201);
        Assert.Equal("hello", (await own.Client.GetAsync("/v1/kv/gone")).Expect(200).Text);
        Assert.Equal(StoreState.Running, own.Store.State);
    }

    [Fact]
    public async Task List_ClientDisconnects_OthersAreServed()
    {
        foreach (var number in Enumerable.Range(0, 6))
            (await server.Client.PutAsync($"/v1/kv/long/{number}", new string('x', 1 << 20))).Expect(201);
        for (var i = 0; i < 20; i++)
        {
            using var raw = await server.ConnectAsync();
            await raw.SendAsync("GET /v1/kv?prefix=long/&values=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
            raw.Reset();
        }

        (await PutAndGetAsync("/v1/kv/after", "v")).Expect(200);
    }

    private async Task<Response> PutAndGetAsync(string target, string value)
    {
        (await server.Client.PutAsync(target, value)).Expect(201);
        return (await server.Client.GetAsync(target)).Expect(200);
    }
}
