using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>The two endpoints of the original service.</summary>
public sealed class PersonTests(KvServer server) : IClassFixture<KvServer>
{
    private const string OriginalUpdate = "{\n    \"id\": 100,\n    \"name\": \"mob\"\n}";
    private const string OriginalGet = "{\n    \"id\": 100\n}";

    [Fact]
    public async Task UpdateAndGet_OriginalBodies_ReturnPerson()
    {
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var updated = (await UpdateAsync(OriginalUpdate)).Expect(200);
        Assert.Equal("application/json", updated.ContentType);
        Assert.Equal($"\"{updated.Revision}\"", updated.ETag);
        Assert.Equal(["id", "name", "updatedAt"], updated.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((100, "mob"), (updated.Json.GetProperty("id").GetInt64(), updated.Json.GetProperty("name").GetString()));
        Assert.InRange(updated.Json.GetProperty("updatedAt").GetDateTimeOffset(), before, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Matches("\"updatedAt\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{7}Z\"}$", updated.Text);

        foreach (var read in new[] { await GetAsync(OriginalGet), await server.Client.GetAsync("/person/get?id=100"), await server.Client.GetAsync("/v1/kv/person/100") })
        {
            Assert.Equal(updated.Text, read.Expect(200).Text);
            Assert.Equal((updated.ETag, updated.ContentType), (read.ETag, read.ContentType));
        }
    }

    [Fact]
    public async Task Get_IdInQueryAndBody_PrefersQuery()
    {
        await UpdateAsync("{\"id\":1,\"name\":\"one\"}");
        await UpdateAsync("{\"id\":2,\"name\":\"two\"}");
        var answer = await server.Client.SendAsync("GET", "/person/get?id=1", Json("{\"id\":2}"));
        Assert.Equal("one", answer.Expect(200).Json.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Update_Twice_LastWins()
    {
        var first = await UpdateAsync("{\"id\":3,\"name\":\"first\"}");
        var second = await UpdateAsync("{\"name\":\"second\",\"id\":3,\"extra\":[1]}");
        Assert.True(second.Revision > first.Revision);
        Assert.Equal("second", (await server.Client.GetAsync("/person/get?id=3")).Json.GetProperty("name").GetString());
        Assert.False(second.Json.TryGetProperty("extra", out _));
    }

    [Theory]
    [InlineData("\\\"quotes\\\" and \\\\", "\"quotes\" and \\")]
    [InlineData("\\ud83d\\ude00 \U0001F600", "\U0001F600 \U0001F600")]
    [InlineData("\\u0000\\n\\t", "\0\n\t")]
    [InlineData("<script>&'", "<script>&'")]
    [InlineData("", "")]
    [InlineData("\\u006d\\u006f\\u0062", "mob")]
    public async Task Update_AnyName_RoundTrips(string escaped, string name)
    {
        Assert.Equal(name, (await UpdateAsync($"{{\"id\":4,\"name\":\"{escaped}\"}}")).Expect(200).Json.GetProperty("name").GetString());
        Assert.Equal(name, (await GetAsync("{\"id\":4}")).Expect(200).Json.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-5", "-5")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    public async Task Update_AnyId_IsItsOwnEntry(string id, string key)
    {
        (await UpdateAsync($"{{\"id\":{id},\"name\":\"n{id}\"}}")).Expect(200);
        Assert.Equal($"n{id}", (await server.Client.GetAsync("/person/get?id=" + id)).Expect(200).Json.GetProperty("name").GetString());
        Assert.Equal($"n{id}", (await server.Client.GetAsync("/v1/kv/person/" + key)).Expect(200).Json.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("{", "body")]
    [InlineData("{}", "id")]
    [InlineData("null", "body")]
    [InlineData("[]", "body")]
    [InlineData("100", "body")]
    [InlineData("\"id\"", "body")]
    [InlineData("{\"id\":100} x", "body")]
    [InlineData("{\"id\":100,}", "body")]
    [InlineData("{id:100}", "body")]
    [InlineData("{'id':100}", "body")]
    [InlineData("{\"id\":}", "body")]
    [InlineData("{\"id\":\"100\",\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":100.0,\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":1e2,\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":null,\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":true,\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":[1],\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":{},\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":9223372036854775808,\"name\":\"n\"}", "id")]
    [InlineData("{\"ID\":100,\"name\":\"n\"}", "id")]
    [InlineData("{\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":1,\"id\":2,\"name\":\"n\"}", "id")]
    [InlineData("{\"id\":1,\"name\":5}", "name")]
    [InlineData("{\"id\":1,\"name\":\"\\ud800\"}", "name")]
    [InlineData("{\"id\":1,\"name\":\"\\x\"}", "body")]
    [InlineData("{\"id\":1,\"name\":\"a\nb\"}", "body")]
    [InlineData("{\"id\":1,\"name\":\"a\",\"name\":\"b\"}", "name")]
    public async Task UpdateAndGet_InvalidBody_NamesField(string body, string field)
    {
        var before = server.Store.Latest;
        (await UpdateAsync(body)).ExpectProblem(400, "malformed-request", field);
        (await GetAsync(body)).ExpectProblem(400, "malformed-request", field);
        Assert.Same(before, server.Store.Latest);
    }

    [Theory]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"id\":1,\"name\":null}")]
    [InlineData("{\"id\":1,\"Name\":\"n\"}")]
    public async Task Update_NoName_IsRejected(string body) =>
        (await UpdateAsync(body)).ExpectProblem(400, "malformed-request", "name");

    [Theory]
    [InlineData("{\"id\":1,\"name\":\"\u00FF\"}", "body")]
    [InlineData("{\"id\":1,\"name\":\"n\",\"\u00FF\":1}", "body")]
    [InlineData("\u00FF", "body")]
    public async Task Update_NotUtf8_IsRejected(string latin1, string field)
    {
        var content = new ByteArrayContent(Encoding.Latin1.GetBytes(latin1));
        (await server.Client.SendAsync("PUT", "/person/update", content, ("Content-Type", "application/json"))).ExpectProblem(400, "malformed-request", field);
    }

    [Fact]
    public async Task Update_DeepBody_IsRejected() =>
        (await UpdateAsync(new string('[', 100_000))).ExpectProblem(400, "malformed-request", "body");

    [Theory]
    [InlineData("?id=abc", "id")]
    [InlineData("?id=", "id")]
    [InlineData("?id", "id")]
    [InlineData("?id=1.0", "id")]
    [InlineData("?id=+1", "id")]
    [InlineData("?id=1%20", "id")]
    [InlineData("?id=9223372036854775808", "id")]
    [InlineData("?id=1&id=1", "id")]
    [InlineData("?ID=1", "ID")]
    [InlineData("?name=mob", "name")]
    [InlineData("", "body")]
    public async Task Get_InvalidQuery_NamesField(string query, string field) =>
        (await server.Client.GetAsync("/person/get" + query)).ExpectProblem(400, "malformed-request", field);

    [Fact]
    public async Task Update_UnknownParameter_IsRejected() =>
        (await server.Client.SendAsync("PUT", "/person/update?ttl=5", Json("{\"id\":5,\"name\":\"n\"}"))).ExpectProblem(400, "malformed-request", "ttl");

    [Fact]
    public async Task UpdateAndGet_Conditions_AreChecked()
    {
        const string person = "{\"id\":10,\"name\":\"n\"}";
        (await UpdateAsync(person, ("If-Match", "*"))).ExpectProblem(412, "precondition-failed");
        var first = (await UpdateAsync(person, ("If-None-Match", "*"))).Expect(200);
        Assert.Equal(first.ETag, (await UpdateAsync(person, ("If-None-Match", "*"))).ExpectProblem(412, "precondition-failed").ETag);
        var second = (await UpdateAsync(person, ("If-Match", first.ETag!))).Expect(200);
        (await UpdateAsync(person, ("If-Match", first.ETag!))).ExpectProblem(412, "precondition-failed");
        (await UpdateAsync(person, ("If-Match", "7"))).ExpectProblem(400, "malformed-request", "If-Match");
        (await server.Client.GetAsync("/person/get?id=10", ("If-None-Match", second.ETag!))).Expect(304);
        (await server.Client.GetAsync("/person/get?id=10", ("If-Match", first.ETag!))).ExpectProblem(412, "precondition-failed");
        (await server.Client.GetAsync("/person/get?id=10", ("If-None-Match", "7"))).ExpectProblem(400, "malformed-request", "If-None-Match");
        Assert.Equal(second.ETag, (await server.Client.GetAsync("/person/get?id=10")).Expect(200).ETag);
    }

    [Fact]
    public async Task Get_AbsentPerson_IsNotFound()
    {
        Assert.NotNull((await server.Client.GetAsync("/person/get?id=987654321")).ExpectProblem(404, "not-found").Revision);
        (await GetAsync("{\"id\":987654321}")).ExpectProblem(404, "not-found");
        (await UpdateAsync("{\"id\":6,\"name\":\"n\"}")).Expect(200);
        await server.Client.DeleteAsync("/v1/kv/person/6");
        (await GetAsync("{\"id\":6}")).ExpectProblem(404, "not-found");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/jsonx")]
    [InlineData("json")]
    public async Task UpdateAndGet_OtherMediaType_IsRejected(string contentType)
    {
        foreach (var (method, target) in new[] { ("PUT", "/person/update"), ("GET", "/person/get") })
        {
            var content = new ByteArrayContent("{\"id\":1,\"name\":\"n\"}"u8.ToArray());
            (await server.Client.SendAsync(method, target, content, ("Content-Type", contentType))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    [InlineData("application/merge-patch+json")]
    public async Task Update_AnyJsonMediaType_IsAccepted(string? contentType)
    {
        var content = new ByteArrayContent("{\"id\":7,\"name\":\"n\"}"u8.ToArray());
        (await server.Client.SendAsync("PUT", "/person/update", content, contentType is null ? [] : [("Content-Type", contentType)])).Expect(200);
    }

    [Fact]
    public async Task Update_BodyOverLimit_IsRejected()
    {
        // The stored person has updatedAt besides, so its name is a little shorter than the limit on values.
        (await UpdateAsync(JsonSerializer.Serialize(new { id = 8, name = new string('n', (1 << 20) - 100) }))).Expect(200);
        (await UpdateAsync(JsonSerializer.Serialize(new { id = 8, name = new string('n', (1 << 20) - 30) }))).ExpectProblem(413, "too-large");
        (await UpdateAsync(JsonSerializer.Serialize(new { id = 8, name = new string('n', 1 << 20) }))).ExpectProblem(413, "too-large");
        (await GetAsync("{\"id\":8,\"name\":\"" + new string('n', 1 << 20) + "\"}")).ExpectProblem(413, "too-large");
    }

    [Fact]
    public async Task Get_ForeignEntry_IsReturnedUnchanged()
    {
        await server.Client.PutAsync("/v1/kv/person/9", "<script>", ("Content-Type", "text/html"));
        var answer = (await server.Client.GetAsync("/person/get?id=9")).Expect(200);
        Assert.Equal(("<script>", "text/html", "sandbox; frame-ancestors 'none'"), (answer.Text, answer.ContentType, answer.Header("Content-Security-Policy")));
    }

    private static ByteArrayContent Json(string body) => new(Encoding.UTF8.GetBytes(body)) { Headers = { { "Content-Type", "application/json" } } };

    private Task<Response> UpdateAsync(string body, params (string Name, string Value)[] headers) => server.Client.SendAsync("PUT", "/person/update", Json(body), headers);

    private Task<Response> GetAsync(string body) => server.Client.SendAsync("GET", "/person/get", Json(body));
}
