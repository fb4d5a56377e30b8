namespace KvStore.Server.Tests;

/// <summary>What imports take in memory.</summary>
public sealed class ImportMemoryTests
{
    private const int AccountBytes = 8 << 20;

    [Fact]
    public async Task Import_LineArrivesSlowly_IsChargedAndReleased()
    {
        await using var server = await KvServer.StartAsync(("TransfersBytesMax", $"{AccountBytes}"));
        var account = server.Store.Memory.Transfers;
        using var raw = await server.SendAsync("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        await Soon.UntilAsync(() => account.Bytes > 0);
        var idle = account.Bytes;
        var part = new string(' ', 1 << 20);
        await raw.SendAsync($"{part.Length:x}\r\n{part}\r\n");
        await Soon.UntilAsync(() => account.Bytes >= idle + (3 * part.Length));
        await raw.SendAsync("1\r\n\n\r\n");
        await Soon.UntilAsync(() => account.Bytes == idle);
        await raw.SendAsync("0\r\n\r\n");
        (await raw.ReadAsync()).Expect(200);
        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public async Task Import_TooManyAtOnce_LastIs503()
    {
        await using var server = await KvServer.StartAsync(("TransfersBytesMax", $"{AccountBytes}"));
        var account = server.Store.Memory.Transfers;
        var imports = new List<RawConnection>();
        for (var part = 0L; account.BytesMax - account.Bytes >= part; part = account.Bytes / imports.Count)
        {
            var before = account.Bytes;
            imports.Add(await server.SendAsync("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"));
            await Soon.UntilAsync(() => account.Bytes > before);
        }

        (await server.Client.ImportAsync("""{"key":"a","text":"v"}""")).ExpectProblem(503, "overloaded");
        imports.ForEach(raw => raw.Reset());
        await Soon.UntilAsync(() => account.Bytes == 0);
        (await server.Client.ImportAsync("""{"key":"a","text":"v"}""")).Expect(200);
    }

    [Fact]
    public async Task Import_LineBeyondAccount_IsNotApplied()
    {
        await using var server = await KvServer.StartAsync(("TransfersBytesMax", $"{AccountBytes}"));
        using var raw = await server.SendAsync("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        var part = new string(' ', 3 << 20);
        await raw.SendAsync($"{part.Length:x}\r\n{part}\r\n0\r\n\r\n");
        var answer = (await raw.ReadAsync()).ExpectProblem(503, "overloaded");
        Assert.Equal("not-applied", answer.Json.GetProperty("outcome").GetString());
        await Soon.UntilAsync(() => server.Store.Memory.Transfers.Bytes == 0);
    }
}
