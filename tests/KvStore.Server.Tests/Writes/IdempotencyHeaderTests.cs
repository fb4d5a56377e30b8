using System.Diagnostics;

namespace KvStore.Server.Tests;

/// <summary>Idempotency-Key: a write that is sent again is answered as the first time.</summary>
public sealed class SafeRetryTests(KvServer server) : IClassFixture<KvServer>
{
    private const string Header = "Idempotency-Key";
    private const string MergePatch = "application/merge-patch+json";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Repeated = ["ETag", "KvStore-Revision", "Location", "Content-Type"];

    public static readonly TheoryData<string, string, string?, string?> Writes = new()
    {
        { "PUT", "/v1/kv/retry/new", "v", "text/plain" },
        { "PUT", "/v1/kv/retry/present?ttl=100", "v", null },
        { "DELETE", "/v1/kv/retry/present", null, null },
        { "PATCH", "/v1/kv/retry/present", """{"a":2}""", MergePatch },
        { "PATCH", "/v1/kv/retry/present?ttl=none", null, null },
        { "POST", "/v1/kv/retry/qu%C3%A9ue/", "v", null },
        { "POST", "/v1/counters/retry/counter?by=5", null, null },
        { "DELETE", "/v1/kv?prefix=retry/pre", null, null },
        { "PUT", "/person/update", """{"id":7,"name":"mob"}""", "application/json" },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task AnyWrite_Retried_IsReplayed(string method, string target, string? body, string? contentType)
    {
        await server.Client.PutAsync("/v1/kv/retry/present", """{"a":1}""");
        (string, string)[] headers = [(Header, NewKey()), .. contentType is null ? [] : new[] { ("Content-Type", contentType) }];
        var first = await SendAsync();
        Assert.InRange(first.Status, 200, 299);
        Assert.Null(first.Header("Idempotency-Replayed"));
        await server.Client.PutAsync("/v1/kv/retry/present", """{"a":3}""");
        var before = server.Store.Latest.Revision;

        var second = await SendAsync();
        Assert.Equal("true", second.Header("Idempotency-Replayed"));
        Assert.Equal((first.Status, first.Text), (second.Status, second.Text));
        Assert.All(Repeated, name => Assert.Equal(first.Header(name), second.Header(name)));
        Assert.Equal(before, server.Store.Latest.Revision);

        Task<Response> SendAsync() => server.Client.SendAsync(method, target, body is null ? null : new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body)), headers);
    }

    [Fact]
    public async Task Put_IdempotencyKeyReused_IsRejected()
    {
        var key = (Header, NewKey());
        (await server.Client.PutAsync("/v1/kv/reuse/", "v", key)).Expect(201);
        var before = server.Store.Latest.Revision;
        Response[] answers =
        [
            // Each but the last two is another in one respect alone.
            await server.Client.PutAsync("/v1/kv/reuse/", "w", key),
            await server.Client.PutAsync("/v1/kv/reuse/", "v", key, ("If-None-Match", "\"1\"")),
            await server.Client.PutAsync("/v1/kv/reuse/", "v", key, ("If-Match", "*")),
            await server.Client.PutAsync("/v1/kv/reuse/", "v", key, ("Content-Type", "text/html")),
            await server.Client.PutAsync("/v1/kv/reuse/?ttl=9", "v", key),
            await server.Client.PutAsync("/v1/kv/reuse2/", "v", key),
            await server.Client.PostAsync("/v1/kv/reuse/", "v", key),
            await server.Client.DeleteAsync("/v1/kv/reuse/", key),
            await server.Client.PostAsync("/v1/counters/reuse", null, key),
        ];

        Assert.All(answers, answer => answer.ExpectProblem(422, "idempotency-key-reused", Header));
        Assert.Equal(before, server.Store.Latest.Revision);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("129")]
    [InlineData("two")]
    public async Task AnyWrite_InvalidIdempotencyKey_IsRejected(string key)
    {
        using var raw = await server.ConnectAsync();
        string[] lines = key switch
        {
            "129" => [$"{Header}: {new string('k', 129)}"],
            "two" => [$"{Header}: a", $"{Header}: b"],
            _ => [$"{Header}: {key}"],
        };
        foreach (var (method, target, body) in new[] { ("PUT", "/v1/kv/bad", "v"), ("DELETE", "/v1/kv/bad", ""), ("PATCH", "/v1/kv/bad?ttl=5", ""), ("POST", "/v1/kv/bad/", "v"), ("POST", "/v1/counters/bad", ""), ("DELETE", "/v1/kv?prefix=bad", ""), ("PUT", "/person/update", "{}") })
            (await raw.RequestAsync(method, target, body, lines)).ExpectProblem(400, "malformed-request", Header);
    }

    [Fact]
    public async Task Put_IdempotencyKeyAnyCharacter_IsAccepted()
    {
        var characters = string.Concat(Enumerable.Range(0x21, 0x5E).Select(c => (char)c));
        foreach (var key in new[] { "k", characters, new string('k', 128), "two words" })
        {
            Assert.Null((await server.Client.PutAsync("/v1/kv/characters", key, (Header, key))).Header("Idempotency-Replayed"));
            Assert.Equal("true", (await server.Client.PutAsync("/v1/kv/characters", key, (Header, key))).Header("Idempotency-Replayed"));
        }
    }

    [Fact]
    public async Task Delete_NotFound_IsNotRecorded()
    {
        var key = (Header, NewKey());
        (await server.Client.DeleteAsync("/v1/kv/anew", key)).Expect(404);
        await server.Client.PutAsync("/v1/kv/anew", "v");
        (await server.Client.DeleteAsync("/v1/kv/anew", key)).Expect(204);
        await server.Client.PutAsync("/v1/kv/anew", "v");
        Assert.Equal("true", (await server.Client.DeleteAsync("/v1/kv/anew", key)).Expect(204).Header("Idempotency-Replayed"));
        (await server.Client.GetAsync("/v1/kv/anew")).Expect(200);
    }

    [Fact]
    public async Task Append_UnknownOutcomeRetried_IsStoredOnce()
    {
        for (var i = 0; i < 100; i++)
        {
            var key = NewKey();
            using var raw = await server.ConnectAsync();
            await raw.SendAsync($"POST /v1/kv/lost/ HTTP/1.1\r\nHost: localhost\r\n{Header}: {key}\r\nContent-Length: 5\r\n\r\n{i:D5}");
            raw.Reset();
            var again = (await server.Client.PostAsync("/v1/kv/lost/", $"{i:D5}", (Header, key))).Expect(201);
            Assert.Equal($"{i:D5}", (await server.Client.GetAsync(again.Header("Location")!)).Expect(200).Text);
        }

        Assert.Equal(100, (await server.Client.GetAsync("/v1/kv?prefix=lost/&limit=1000")).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Append_SameIdempotencyKeyConcurrently_IsOneCommit()
    {
        for (var round = 0; round < 10; round++)
        {
            var key = (Header, NewKey());
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => server.Client.PostAsync($"/v1/kv/once/{round}/", "v", key)));

            Assert.Single(answers, answer => answer.Expect(201).Header("Idempotency-Replayed") is null);
            Assert.Single(answers.Select(answer => (answer.Header("Location"), answer.ETag, answer.Revision)).Distinct());
            Assert.Equal(1, server.Store.Latest.CountOf(KeyRange.WithPrefix(System.Text.Encoding.UTF8.GetBytes($"once/{round}/"))));
        }
    }

    [Fact]
    public async Task Add_RecordExpired_IsAppliedAgain()
    {
        await using var own = await KvServer.StartAsync(("IdempotencyLifetime", "00:00:01"), ("ExpiryInterval", "00:00:00.010"));
        var start = Stopwatch.GetTimestamp();
        var answer = (await own.Client.PostAsync("/v1/counters/again", null, (Header, "k"))).Expect(200);
        while (answer.Text == "1")
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience);
            answer = (await own.Client.PostAsync("/v1/counters/again", null, (Header, "k"))).Expect(200);
        }

        Assert.Equal(("2", null), (answer.Text, answer.Header("Idempotency-Replayed")));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromSeconds(1));
        Assert.Equal(1, own.Store.Latest.Count);
    }

    [Fact]
    public async Task PersonUpdate_LargeAnswer_IsRecorded()
    {
        await using var own = await KvServer.StartAsync(("ValueBytesMax", "200"));
        var body = $$"""{"id":1,"name":"{{new string('x', 130)}}"}""";
        var first = (await own.Client.PutAsync("/person/update", body, (Header, "k"), ("Content-Type", "application/json"))).Expect(200);
        Assert.Equal(first.Text, (await own.Client.PutAsync("/person/update", body, (Header, "k"), ("Content-Type", "application/json"))).Expect(200).Text);
    }

    private static string NewKey() => Guid.NewGuid().ToString();
}
