using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Keys over the wire: each text is its own distinct key, or is refused.</summary>
public sealed class KeyTests(KvServer server) : IClassFixture<KvServer>
{
    /// <summary>What stands behind /v1/kv/ in a target, and the key that it names. No two rows name the same key.</summary>
    public static readonly TheoryData<string, string> Accepted = new()
    {
        { "a/b", "a/b" },
        { "a%252Fb", "a%2Fb" },
        { "a%25252Fb", "a%252Fb" },
        { "a%25b", "a%b" },
        { "a%2525b", "a%25b" },
        { "a+b", "a+b" },
        { "a%20b", "a b" },
        { "a%2520b", "a%20b" },
        { "%20", " " },
        { "%20%20", "  " },
        { "a%3Fb", "a?b" },
        { "a%3Fb=c%26d", "a?b=c&d" },
        { "a%23b", "a#b" },
        { "a&b=c;d,e:f@g!h$i'j(k)*l~m", "a&b=c;d,e:f@g!h$i'j(k)*l~m" },
        { "a%22%3C%3E%5C%5E%60%7B%7C%7D", "a\"<>\\^`{|}" },
        { "Case", "Case" },
        { "case", "case" },
        { "CASE", "CASE" },
        { "%C3%A9", "\u00E9" },
        { "e%CC%81", "e\u0301" },
        { "%F0%9F%98%80", "\U0001F600" },
        { "%f0%9f%91%a9%e2%80%8d%f0%9f%92%bb", "\U0001F469\u200D\U0001F4BB" },
        { "%E2%80%AE%EF%BB%BF%C2%A0%C2%AD", "\u202E\uFEFF\u00A0\u00AD" },
        { "%EF%BF%BD", "\uFFFD" },
        { "%EF%BF%BF", "\uFFFF" },
        { "%F4%8F%BF%BF", "\U0010FFFF" },
        { "/", "/" },
        { "//", "//" },
        { "a//b", "a//b" },
        { "a/b/", "a/b/" },
        { "/a/b", "/a/b" },
        { ".../a", ".../a" },
        { "a/..b/.c/d./e..", "a/..b/.c/d./e.." },
        { "-", "-" },
        { "v1/kv/x", "v1/kv/x" },
        { "http://host/v1/kv/x", "http://host/v1/kv/x" },
        { "0", "0" },
        { "a%7Eb", "a~b" },
        { new string('k', 1024), new string('k', 1024) },
        { string.Concat(Enumerable.Repeat("%6C", 1024)), new string('l', 1024) },
        { string.Concat(Enumerable.Repeat("%F0%9F%98%80", 256)), string.Concat(Enumerable.Repeat("\U0001F600", 256)) },
    };

    /// <summary>Other ways to write some of those keys.</summary>
    public static readonly TheoryData<string, string> SameKey = new()
    {
        { "same/b", "same%2Fb" },
        { "same/b", "same%2fb" },
        { "same/b", "%73%61%6d%65/%62" },
        { "same+b", "same%2Bb" },
        { "same%20b", "same%20%62" },
        { "same//", "same%2F/" },
        { "%E2%82%AC", "%e2%82%ac" },
    };

    public static readonly TheoryData<string, string> Refused = new()
    {
        { "the empty key", "" },
        { "1025 bytes", new string('k', 1025) },
        { "1025 bytes, encoded", string.Concat(Enumerable.Repeat("%6B", 1025)) },
        { "1024 characters, 1025 bytes", new string('k', 1023) + "%C3%A9" },
        { "a lone continuation byte", "a%80" },
        { "a lone continuation byte BF", "%BFa" },
        { "overlong, two bytes", "%C0%AF" },
        { "overlong, C1", "%C1%BF" },
        { "overlong, three bytes", "%E0%80%AF" },
        { "overlong, four bytes", "%F0%80%80%AF" },
        { "the first surrogate", "%ED%A0%80" },
        { "the last surrogate", "%ED%BF%BF" },
        { "a surrogate pair", "%ED%A0%BD%ED%B8%80" },
        { "above U+10FFFF", "%F4%90%80%80" },
        { "F5", "%F5%80%80%80" },
        { "FE", "%FE" },
        { "FF", "%FF" },
        { "cut after one of two", "%C3" },
        { "cut after two of three", "%E2%82" },
        { "cut after three of four", "%F0%9F%98" },
        { "cut before ASCII", "%C3(" },
        { "cut before a slash", "%E2%82/a" },
        { "a percent sign at the end", "a%" },
        { "one digit", "a%2" },
        { "no digits", "a%zz" },
        { "half a digit", "a%2G" },
        { "a sign as a digit", "a%+1" },
        { "the old Unicode form", "a%u0041" },
        { "dot", "." },
        { "dot dot", ".." },
        { "dot, encoded", "%2e" },
        { "dot dot, encoded", "%2E%2e" },
        { "dot dot, half encoded", ".%2e" },
        { "dot at the start", "./a" },
        { "dot dot at the start", "../a" },
        { "dot in the middle", "a/./b" },
        { "dot dot in the middle", "a/../b" },
        { "dot dot in the middle, encoded", "a/%2e%2e/b" },
        { "dot dot between encoded slashes", "a%2F..%2Fb" },
        { "dot dot at the end", "a/.." },
        { "dot dot and a slash at the end", "a/../" },
        { "dot at the end", "a/." },
        { "dot at the end, all encoded", "a%2F%2E" },
        { "above the prefix", "../../livez" },
        { "above the root", "../../../../../../livez" },
        { "above the root, encoded", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/livez" },
        { "to another endpoint", "../../person/get" },
        { "newline", "a%0Ab" },
        { "carriage return", "a%0Db" },
        { "tab", "a%09b" },
        { "escape", "%1B" },
        { "unit separator", "%1F" },
        { "DEL", "a%7F" },
        { "the first C1 control", "%C2%80" },
        { "the last C1 control", "a%C2%9Fb" },
        { "a fragment", "a#b" },
        { "a fragment alone", "#" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task Put_AnyKey_IsFoundAndListed(string written, string key)
    {
        using var raw = await server.ConnectAsync();
        var body = "value of " + written;
        (await raw.RequestAsync("PUT", "/v1/kv/" + written, body)).Expect(201);
        Assert.Equal(body, (await raw.RequestAsync("GET", "/v1/kv/" + written)).Expect(200).Text);
        Assert.Equal(body, (await server.Client.GetAsync("/v1/kv/" + Uri.EscapeDataString(key))).Expect(200).Text);
        Assert.Equal(body, (await server.Client.GetAsync("/v1/kv/" + EncodeAll(key))).Expect(200).Text);

        var first = (await server.Client.GetAsync("/v1/kv?limit=1&prefix=" + Uri.EscapeDataString(key))).Expect(200).Json.GetProperty("items")[0];
        Assert.Equal(key, first.GetProperty("key").GetString());
        (await raw.RequestAsync("DELETE", "/v1/kv/" + written)).Expect(204);
    }

    [Fact]
    public async Task Put_AllKeys_AreDistinct()
    {
        await using var own = await KvServer.StartAsync();
        using var raw = await own.ConnectAsync();
        var rows = Accepted.Select(row => row.Data).ToArray();
        foreach (var (written, key) in rows)
            (await raw.RequestAsync("PUT", "/v1/kv/" + written, "is " + Uri.EscapeDataString(key))).Expect(201);

        foreach (var (written, key) in rows)
            Assert.Equal("is " + Uri.EscapeDataString(key), (await raw.RequestAsync("GET", "/v1/kv/" + written)).Expect(200).Text);
        var listed = (await own.Client.GetAsync("/v1/kv?limit=1000")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()!);
        Assert.Equal(rows.Select(row => row.Item2).OrderBy(key => Encoding.UTF8.GetBytes(key), Model.ByteOrder), listed);
    }

    [Theory]
    [MemberData(nameof(SameKey))]
    public async Task Get_KeyInOtherForm_IsSameKey(string written, string other)
    {
        using var raw = await server.ConnectAsync();
        await raw.RequestAsync("PUT", "/v1/kv/" + written, written);
        Assert.Equal(written, (await raw.RequestAsync("GET", "/v1/kv/" + other)).Expect(200).Text);
        (await raw.RequestAsync("DELETE", "/v1/kv/" + other)).Expect(204);
        (await raw.RequestAsync("GET", "/v1/kv/" + written)).Expect(404);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task AnyMethod_InvalidKey_IsRejected(string kind, string written)
    {
        Assert.NotEmpty(kind);
        using var raw = await server.ConnectAsync();
        var before = server.Store.Latest;
        foreach (var method in new[] { "PUT", "GET", "DELETE" })
            (await raw.RequestAsync(method, "/v1/kv/" + written)).ExpectProblem(400, "malformed-key", "key");
        (await raw.RequestAsync("HEAD", "/v1/kv/" + written)).Expect(400);
        Assert.Same(before, server.Store.Latest);
    }

    [Fact]
    public async Task Get_LookalikeKey_IsNotFound()
    {
        using var raw = await server.ConnectAsync();
        await raw.RequestAsync("PUT", "/v1/kv/look", "v");
        foreach (var other in new[] { "Look", "look/", "/look", "look%20", "loo", "lookk", "%6Cook%3F", "look%2F%2F" })
            (await raw.RequestAsync("GET", "/v1/kv/" + other)).ExpectProblem(404, "not-found");
    }

    [Fact]
    public async Task Get_NulInTarget_IsBadRequest()
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("GET", "/v1/kv/a%00b")).ExpectProblem(400, "malformed-request");
    }

    [Theory]
    [InlineData("caf\u00C3\u00A9")]
    [InlineData("\u00FF")]
    public async Task Get_NonAsciiTarget_IsBadRequest(string written)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("GET", "/v1/kv/" + written)).ExpectProblem(400, "malformed-request");
    }

    [Fact]
    public async Task Put_LongestKey_FitsWithLargerLimits()
    {
        await using var own = await KvServer.StartAsync(("KeyBytesMax", "8"));
        (await own.Client.PutAsync("/v1/kv/12345678", "v")).Expect(201);
        (await own.Client.PutAsync("/v1/kv/123456789", "v")).ExpectProblem(400, "malformed-key", "key");
    }

    private static string EncodeAll(string key) => string.Concat(Encoding.UTF8.GetBytes(key).Select(b => $"%{b:X2}"));
}
