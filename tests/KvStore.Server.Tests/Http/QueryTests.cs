namespace KvStore.Server.Tests;

/// <summary>What all query parameters have in common: how flags, numbers and durations are written, and what is said of bad encoding.</summary>
public sealed class QueryTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("=true", true)]
    [InlineData("=True", true)]
    [InlineData("=TRUE", true)]
    [InlineData("=1", true)]
    [InlineData("=", true)]
    [InlineData("", true)]
    [InlineData("=false", false)]
    [InlineData("=False", false)]
    [InlineData("=0", false)]
    public async Task Flag_AsLanguagesWriteIt_IsRead(string text, bool expected)
    {
        await server.Client.PutAsync("/v1/kv/flag", "v");
        Assert.Equal(expected, (await server.Client.GetAsync("/v1/kv?prefix=flag&values" + text)).Expect(200).Json.GetProperty("items")[0].TryGetProperty("text", out _));
        Assert.Equal(expected, (await server.Client.GetAsync("/v1/kv?prefix=flag&count_only" + text)).Expect(200).Json.TryGetProperty("count", out _));
        using var stream = await EventStream.OpenAsync(server.Address, $"?key=flag{(expected ? "" : "&after=0")}&initial{text}&values{text}");
        var first = await stream.NextAsync(expected ? "entry" : "change");
        Assert.Equal(expected, first.Data.Contains("\"text\":", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("on")]
    [InlineData("2")]
    [InlineData("t")]
    [InlineData("%20true")]
    public async Task Flag_AnythingElse_SaysTheForms(string text)
    {
        foreach (var (target, name) in new[] { ("/v1/kv?values=", "values"), ("/v1/kv?count_only=", "count_only"), ("/v1/watch?prefix=&initial=", "initial"), ("/v1/watch?prefix=&values=", "values") })
            Assert.Contains("Give true or false (or 1 or 0)", (await server.Client.GetAsync(target + text)).ExpectProblem(400, "malformed-request", name).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%", "prefix", "percent sign that is not followed")]
    [InlineData("%4", "prefix", "percent sign that is not followed")]
    [InlineData("a%zzb%41", "prefix", "percent sign that is not followed")]
    [InlineData("%E9", "prefix", "é is %C3%A9, not %E9")]
    [InlineData("%ED%A0%80", "prefix", "is not UTF-8")]
    [InlineData("a#b", "prefix", "Write it as %23")]
    [InlineData("a&%E9=1", "query", "is not UTF-8")]
    public async Task Query_BadEncoding_NamesParameterAndCure(string text, string field, string detail)
    {
        using var raw = await server.ConnectAsync();
        Assert.Contains(detail, (await raw.RequestAsync("GET", "/v1/kv?prefix=" + text)).ExpectProblem(400, "malformed-request", field).Text, StringComparison.Ordinal);
    }

    // The web server rejects these itself.
    [Theory]
    [InlineData("GET /v1/kv?prefix=é HTTP/1.1\r\nHost: localhost\r\n\r\n", "everything outside ASCII")]
    [InlineData("GET /v1/kv/é HTTP/1.1\r\nHost: localhost\r\n\r\n", "everything outside ASCII")]
    [InlineData("GET /v1/kv?prefix=a b HTTP/1.1\r\nHost: localhost\r\n\r\n", "write one as %20")]
    [InlineData("GET /v1/kv HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n", "without control characters")]
    public async Task Head_BadEncoding_NamesCure(string request, string detail)
    {
        var answer = await server.ExchangeAsync(request);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains(detail, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1%00")]
    [InlineData("1%00%00")]
    [InlineData("%201")]
    [InlineData("1%20")]
    [InlineData("0x1")]
    [InlineData("1.0")]
    [InlineData("%D9%A1")]
    public async Task Number_AnythingButDigits_IsRejected(string text)
    {
        foreach (var (target, name) in new[]
        {
            ("/v1/kv?limit=", "limit"), ("/v1/kv?revision=", "revision"), ("/v1/kv/a?min_revision=", "min_revision"), ("/v1/kv/a?wait=0&after=", "after"),
            ("/v1/watch?prefix=&after=", "after"), ("/person/get?id=", "id"),
        })
            (await server.Client.GetAsync(target + text)).ExpectProblem(400, "malformed-request", name);
        (await server.Client.PostAsync("/v1/counters/number?by=" + text)).ExpectProblem(400, "malformed-request", "by");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0s")]
    [InlineData("0.01")]
    [InlineData("10ms")]
    [InlineData("0m0s")]
    public async Task Wait_Duration_IsWaited(string wait)
    {
        var revision = (await server.Client.PutAsync("/v1/kv/waited", "v")).Revision;
        (await server.Client.GetAsync($"/v1/kv/waited?wait={wait}&after={revision}")).Expect(304);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("%2B1")]
    [InlineData("1%20s")]
    [InlineData("61")]
    [InlineData("2m")]
    [InlineData("1,5")]
    [InlineData("99999999999999999999")]
    [InlineData("forever")]
    [InlineData("0m1")]
    [InlineData("1%00")]
    public async Task Wait_NoDuration_SaysTheForms(string wait) =>
        Assert.Contains("seconds from 0 to 60, or a number with a unit (ms, s, m, h or d), such as 30s", (await server.Client.GetAsync("/v1/kv/waited?wait=" + wait)).ExpectProblem(400, "malformed-request", "wait").Text, StringComparison.Ordinal);
}
