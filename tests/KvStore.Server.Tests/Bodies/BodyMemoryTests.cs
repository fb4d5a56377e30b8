namespace KvStore.Server.Tests;

/// <summary>What bodies take in memory while they are read, and what happens when all of them take too much.</summary>
public sealed class BodyMemoryTests : IAsyncLifetime
{
    private const int AccountBytes = 4 << 20;
    private const int ValueBytes = 1 << 20;

    private KvServer _server = null!;
    private MemoryAccount _account = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync(("BodiesBytesMax", $"{AccountBytes}"), ("ValueBytesMax", $"{ValueBytes}"), ("JsonBodyBytesMax", $"{ValueBytes}"));
        _account = _server.Store.Memory.Bodies;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public static TheoryData<string> Requests =>
    [
        "PUT /v1/kv/announced HTTP/1.1",
        "PATCH /v1/kv/announced HTTP/1.1\r\nContent-Type: application/merge-patch+json",
        "POST /v1/kv/announced/ HTTP/1.1",
        "POST /v1/txn HTTP/1.1\r\nContent-Type: application/json",
        "POST /v1/batch/get HTTP/1.1\r\nContent-Type: application/json",
        "PUT /person/update HTTP/1.1",
        "GET /person/get HTTP/1.1",
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_BodyOnlyAnnounced_TakesLittle(string request)
    {
        const int Connections = 100;
        var announcing = new List<RawConnection>();
        for (var i = 0; i < Connections; i++)
            announcing.Add(await _server.SendAsync($"{request}\r\nHost: localhost\r\nContent-Length: {ValueBytes}\r\n\r\n "));
        await Soon.UntilAsync(() => _account.Bytes == Connections * 4096);

        (await _server.Client.PutAsync("/v1/kv/other", new string('v', ValueBytes))).Expect(201);
        announcing.ForEach(connection => connection.Reset());
        await Soon.UntilAsync(() => _account.Bytes == 0);
        Assert.InRange(_account.PeakBytes, 1, (Connections * 4096) + (2 * ValueBytes));
    }

    [Theory]
    [InlineData("Content-Length: 1048576")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Put_BodyArrivesSlowly_TakesTwiceOfIt(string framing)
    {
        using var raw = await _server.SendAsync($"PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n");
        var part = new string('v', 10_000);
        for (var sent = part.Length; sent < ValueBytes; sent += part.Length)
        {
            await raw.SendAsync(framing.StartsWith('T') ? $"{part.Length:x}\r\n{part}\r\n" : part);
            await Soon.UntilAsync(() => _account.Bytes >= sent);

            // The last piece, and the pieces that are given up once they are copied.
            await Soon.UntilAsync(() => _account.Bytes <= (2 * sent) + (2 * 4096));
        }

        raw.Reset();
        await Soon.UntilAsync(() => _account.Bytes == 0);
    }

    // Large bodies fail first.
    [Theory]
    [InlineData("Content-Length: 1048576")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Put_AccountNearlyFull_LargeOneIs503AndCloses(string framing)
    {
        var others = AccountBytes - 600_000;
        _account.Charge(others);

        // A body that has arrived before it is read needs no memory of the account, so the rest comes only once it is being read. All of it is sent before the
        // answer is read.
        var isChunked = framing.StartsWith('T');
        using var large = await _server.SendAsync($"PUT /v1/kv/large HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{(isChunked ? $"{ValueBytes:x}\r\n" : "")}v");
        await Soon.UntilAsync(() => _account.Bytes > others);
        await large.SendAsync(new byte[ValueBytes - 1]);
        if (isChunked)
            await large.SendAsync("\r\n0\r\n\r\n");
        var answer = (await large.ReadAsync("PUT")).ExpectProblem(503, "overloaded");
        Assert.Equal(("not-applied", "close"), (answer.Json.GetProperty("outcome").GetString(), answer.Header("Connection")));
        Assert.NotNull(answer.Header("Retry-After"));

        (await _server.Client.PutAsync("/v1/kv/small", new string('v', 150_000))).Expect(201);
        Assert.Equal(others, _account.Bytes);
        Assert.InRange(_account.PeakBytes, 0, AccountBytes);
        _account.Release(others);
        (await _server.Client.PutAsync("/v1/kv/large", new string('v', ValueBytes))).Expect(201);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_BodyInParts_IsStoredWhole(bool isChunked)
    {
        var random = Seed.NewRandom();
        foreach (var size in new[] { 1, 4095, 4096, 4097, 8192, 8193, 12_288, 65_536, 131_072, 131_073, 262_145, ValueBytes - 1, ValueBytes })
        {
            var value = new byte[size];
            random.NextBytes(value);
            using var raw = await _server.SendAsync($"PUT /v1/kv/parts HTTP/1.1\r\nHost: localhost\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {size}")}\r\n\r\n");
            for (var sent = 0; sent < size;)
            {
                var part = value.AsMemory(sent, random.Next(1, Math.Min(size - sent, 100_000) + 1));
                if (isChunked)
                    await raw.SendAsync($"{part.Length:x}\r\n");
                await raw.SendAsync(part);
                if (isChunked)
                    await raw.SendAsync("\r\n");
                sent += part.Length;
            }

            if (isChunked)
                await raw.SendAsync("0\r\n\r\n");
            Assert.True((await raw.ReadAsync("PUT")).IsSuccess, $"{size} bytes");
            Assert.True(_server.Store.Latest.Find(Some.Key("parts"))!.Value.Value.Span.SequenceEqual(value), $"{size} bytes");
            Assert.Equal(0, _account.Bytes);
        }
    }
}
