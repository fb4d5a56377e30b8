using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Imports: lines, progress, a full queue and lost connections.</summary>
public sealed class ImportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Import_BadLines_AreNamedAndGoodStored()
    {
        await using var server = await KvServer.StartAsync();
        var answer = (await server.Client.ImportAsync(
            """
            {"key":"a","text":"1"}

            {"key":"b","json":{"x": 1},"content_type":"application/ld+json","expires_at":"2100-01-01T00:00:00Z"}
            {"key":"a","base64":"AP8="}
            {"key":"old","text":"x","expires_at":"2001-01-01T00:00:00Z"}
            nonsense
            {"key":"c","text":"1","expires_at":"tomorrow"}
            {"key":"c","text":"1","revison":4}
            {"key":"..","text":"1"}
            {"key":"d","text":"1","revision":4,"created_revision":3,"version":2,"size":1,"modified_at":"2026-01-31T12:00:00Z","expires_at":null}
            {"key":"c","text":"1"} {"key":"e","text":"1"}
            [1]
            {"text":"1"}
            {"key":"c","json":1,"size":1,"size":1}
            """)).Expect(200);

        Assert.Equal(server.Store.Latest.Revision, answer.Json.GetProperty("revision").GetInt64());
        Assert.Equal((4, 1, 8), (answer.Json.GetProperty("imported").GetInt32(), answer.Json.GetProperty("expired").GetInt32(), answer.Json.GetProperty("failed").GetInt32()));
        Assert.Equal(
            [(6, "The line is not JSON"), (7, "expires_at: "), (8, "revison: "), (9, "key: "), (11, "The line is not JSON"), (12, "The line is not"), (13, "key: "), (14, "size: ")],
            answer.Json.GetProperty("errors").EnumerateArray().Select(error => (error.GetProperty("line").GetInt32(), error.GetProperty("detail").GetString()!)),
            (expected, actual) => expected.Item1 == actual.Item1 && actual.Item2.StartsWith(expected.Item2, StringComparison.Ordinal));
        Assert.Equal(["a", "b", "d"], server.Store.Latest.Scan(default).Select(entry => entry.Key.ToString()));
        Assert.Equal([0, 0xFF], (await server.Client.GetAsync("/v1/kv/a")).Body);
        var b = (await server.Client.GetAsync("/v1/kv/b")).Expect(200);
        Assert.Equal(("{\"x\": 1}", "application/ld+json", "Fri, 01 Jan 2100 00:00:00 GMT"), (b.Text, b.ContentType, b.Header("KvStore-Expires")));
    }

    [Fact]
    public async Task Import_ListingItems_StoresSameValues()
    {
        await using var server = await KvServer.StartAsync();
        await server.Client.PutAsync("/v1/kv/a", "[1]", ("Content-Type", "application/json"));
        await server.Client.PutAsync("/v1/kv/b", "x\ny", ("Content-Type", "text/plain"));
        await server.Client.PutAsync("/v1/kv/c", [1, 2, 3]);
        var items = (await server.Client.GetAsync("/v1/kv?values=true")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetRawText());
        var before = (await server.Client.GetAsync("/v1/export")).Text;

        await using var other = await KvServer.StartAsync();
        (await other.Client.ImportAsync(string.Join("\r\n", items))).Expect(200);

        Assert.Equal(before, (await other.Client.GetAsync("/v1/export")).Text);
    }

    [Fact]
    public async Task Import_DuplicateKeys_LastWins()
    {
        await using var server = await KvServer.StartAsync();
        var lines = Enumerable.Range(0, 1000).Select(i => $$"""{"key":"{{i % 7}}","text":"{{i}}"}""");
        Assert.Equal(1000, (await server.Client.ImportAsync(string.Join('\n', lines))).Expect(200).Json.GetProperty("imported").GetInt32());
        foreach (var key in Enumerable.Range(0, 7))
            Assert.Equal(Enumerable.Range(0, 1000).Last(i => i % 7 == key).ToString(System.Globalization.CultureInfo.InvariantCulture), (await server.Client.GetAsync($"/v1/kv/{key}")).Text);
    }

    [Fact]
    public async Task Import_TooLarge_FailsThatLine()
    {
        await using var server = await KvServer.StartAsync();
        var large = new string('v', 1 << 20);

        // Every character of it as an escape: the longest line that an allowed value can make. Then far more bytes than one request may usually have.
        var escaped = string.Concat(Enumerable.Repeat("\\u0076", 1 << 20));
        var answer = (await server.Client.ImportAsync(string.Join('\n',
            $$"""{"key":"a","text":"{{large}}"}""",
            $$"""{"key":"b","text":"{{escaped}}"}""",
            $$"""{"key":"c","text":"{{large}}v"}""",
            $$"""{"key":"d","text":"{{escaped}}","content_type":"{{escaped}}"}""",
            $$"""{"key":"e","text":"{{large}}"}"""))).Expect(200);

        Assert.Equal((3, "[3,4]"), (answer.Json.GetProperty("imported").GetInt32(), $"[{string.Join(',', answer.Json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("line").GetInt32()))}]"));
        Assert.Equal(large, (await server.Client.GetAsync("/v1/kv/b")).Text);
        Assert.Equal(["a", "b", "e"], server.Store.Latest.Scan(default).Select(entry => entry.Key.ToString()));
    }

    [Fact]
    public async Task Import_OverErrorLimit_CountsAll()
    {
        await using var server = await KvServer.StartAsync(("ImportErrorsMax", "3"));
        var answer = (await server.Client.ImportAsync(string.Join('\n', Enumerable.Repeat("x", 10)))).Expect(200);
        Assert.Equal((10, 3), (answer.Json.GetProperty("failed").GetInt32(), answer.Json.GetProperty("errors").GetArrayLength()));
    }

    [Fact]
    public async Task Import_Progress_StreamsLinesThenResult()
    {
        await using var server = await KvServer.StartAsync();
        var lines = string.Join('\n', Enumerable.Range(0, 25_000).Select(i => $$"""{"key":"{{i}}","text":"v"}"""));
        var answer = (await server.Client.ImportAsync(lines, ("Accept", "application/x-ndjson"))).Expect(200);
        var reports = answer.Text.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal("application/x-ndjson", answer.ContentType);
        Assert.InRange(reports.Length, 2, 3);
        Assert.Equal(10_000, reports[0].GetProperty("line").GetInt64());
        Assert.Equal((25_000, server.Store.Latest.Revision), (reports[^1].GetProperty("imported").GetInt64(), reports[^1].GetProperty("revision").GetInt64()));
        Assert.Equal(25_000, server.Store.Latest.Count);
    }

    [Fact]
    public async Task Import_Progress_ReportsCommittedLinesOnly()
    {
        var gate = new Gate();
        await using var server = await KvServer.StartAsync(new FakeCommitLog { Committing = gate.PassAsync });
        var input = new Pipe();
        await input.Writer.WriteAsync(Encoding.UTF8.GetBytes($$"""{"key":"a","text":"v"}{{new string('\n', (int)ImportProgress.LinesBetween)}}"""), TestContext.Current.CancellationToken);
        await input.Writer.CompleteAsync();
        var output = new Pipe();
        using var body = new BodyReader(input.Reader, new KvStoreOptions(), TestContext.Current.CancellationToken);
        var import = new Import(server.Store, new KvStoreOptions(), TimeProvider.System, Principal.Anyone, null, new ImportProgress(output.Writer)).RunAsync(body, TestContext.Current.CancellationToken);

        // All lines were read, so only the commit is pending. The log opens before any assertion, because the service waits for it when it stops.
        await gate.Reached;
        var isReported = output.Reader.TryRead(out _);
        gate.Open();
        Assert.Null(await import.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.False(isReported);
        Assert.True(output.Reader.TryRead(out var report));
        Assert.Equal("{\"line\":10000,\"imported\":1,\"expired\":0,\"failed\":0}\n", Encoding.UTF8.GetString(report.Buffer));
    }

    [Theory]
    [InlineData("Idempotency-Key", "8b1a9953")]
    [InlineData("Idempotency-Key", "")]
    [InlineData("If-Match", "\"1\"")]
    [InlineData("If-None-Match", "*")]
    public async Task Import_HeaderForOneCommit_IsRejected(string header, string value)
    {
        await using var server = await KvServer.StartAsync();
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("POST", "/v1/import", """{"key":"a","text":"v"}""", [$"{header}: {value}"])).ExpectProblem(400, "malformed-request", header);
        Assert.Equal(0, server.Store.Latest.Count);
    }

    [Fact]
    public async Task Import_QueueFull_WaitsThenContinues()
    {
        var gate = new Gate();
        await using var server = await KvServer.StartAsync(new FakeCommitLog { Committing = gate.PassAsync }, ("QueueOperationsMax", "2"));
        var import = server.Client.ImportAsync(string.Join('\n', Enumerable.Range(0, 2000).Select(i => $$"""{"key":"{{i}}","text":"v"}""")));
        await gate.Reached;
        Assert.False(import.IsCompleted);
        gate.Open();
        Assert.Equal(2000, (await import).Expect(200).Json.GetProperty("imported").GetInt32());
        Assert.Equal(2000, server.Store.Latest.Count);
    }

    [Fact]
    public async Task Import_QueueStaysFull_IsNotApplied()
    {
        var gate = new Gate();
        await using var server = await KvServer.StartAsync(new FakeCommitLog { Committing = gate.PassAsync }, ("QueueOperationsMax", "1"), ("ImportWaitMax", "00:00:00.050"));
        var held = server.Client.PutAsync("/v1/kv/held", "v");
        await gate.Reached;
        var waiting = server.Client.PutAsync("/v1/kv/waiting", "v");
        await Soon.UntilAsync(() => server.Store.QueuedOperations == 1);

        var answer = await server.Client.ImportAsync("""{"key":"a","text":"v"}""");
        answer.ExpectProblem(429, "queue-full");
        Assert.Equal("not-applied", answer.Json.GetProperty("outcome").GetString());
        Assert.Contains("ended at line 1. No line is stored.", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await server.Client.ImportAsync("""{"key":"a","text":"v"}""", ("Accept", "application/x-ndjson"))).ExpectProblem(429, "queue-full");

        gate.Open();
        (await held).Expect(201);
        (await waiting).Expect(201);
        (await server.Client.ImportAsync("""{"key":"a","text":"v"}""")).Expect(200);
    }

    [Theory]
    [InlineData("FFFFFFFFFF\r\n")]
    [InlineData("x\r\n")]
    public async Task Import_MalformedChunk_IsRejected(string chunk)
    {
        await using var server = await KvServer.StartAsync();
        using var raw = await server.ConnectAsync();
        await raw.SendAsync("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
        (await raw.ReadAsync("POST")).ExpectProblem(400, "malformed-request");
    }

    [Fact]
    public async Task Import_ConnectionLost_CanBeRetried()
    {
        await using var server = await KvServer.StartAsync();
        var lines = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 5000).Select(i => $$"""{"key":"{{i:d5}}","text":"{{i}}"}""")));
        using (var raw = await server.ConnectAsync())
        {
            await raw.SendAsync($"POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: {lines.Length}\r\n\r\n");
            await raw.SendAsync(lines.AsMemory(0, lines.Length / 2));
            await Soon.UntilAsync(() => server.Store.Latest.Count >= 1000);
            raw.Reset();
        }

        (await server.Client.ImportAsync(lines)).Expect(200);
        Assert.Equal(5000, server.Store.Latest.Count);
        Assert.Equal("4999", (await server.Client.GetAsync("/v1/kv/04999")).Text);
    }
}
