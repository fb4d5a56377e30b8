using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>POST of /v1/counters/{key}.</summary>
public sealed class CounterTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Add_AbsentThenPresent_ReturnsStoredNumber()
    {
        Assert.Equal("1", (await AddAsync("a/first")).Text);
        Assert.Equal("42", (await AddAsync("a/first?by=41")).Text);
        Assert.Equal("-8", (await AddAsync("a/first?by=-50")).Text);
        var answer = await AddAsync("a/first?by=0");

        var entry = (await server.Client.GetAsync("/v1/kv/a/first")).Expect(200);
        Assert.Equal(("-8", "text/plain"), (answer.Text, answer.ContentType));
        Assert.Equal((answer.Text, answer.ETag, answer.ContentType), (entry.Text, entry.ETag, entry.ContentType));
        Assert.Equal($"\"{answer.Revision}\"", answer.ETag);
    }

    [Fact]
    public async Task Add_EncodedKey_IsKeyOfEntry()
    {
        await AddAsync("a%2Fb%252Fc%20%C3%A9+?by=7");
        Assert.Equal("7", (await server.Client.GetAsync("/v1/kv/a/b%252Fc%20%C3%A9%2B")).Expect(200).Text);
        foreach (var (target, slug) in new[] { ("", "malformed-key"), ("%ZZ", "malformed-key"), ("%FF", "malformed-key"), ("a/../b", "malformed-key"), ("a%01", "malformed-key"), (new string('k', 1025), "malformed-key") })
            (await server.Client.PostAsync("/v1/counters/" + target)).ExpectProblem(400, slug, "key");
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("POST", "/v1/%63ounters/a")).ExpectProblem(400, "malformed-request");
        (await raw.RequestAsync("POST", "/v1/kv/../counters/a")).Expect(400);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("1.5")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1\n")]
    [InlineData("-")]
    [InlineData("9223372036854775808")]
    public async Task Add_NotANumber_IsConflictWithoutChange(string value)
    {
        var put = await server.Client.PutAsync("/v1/kv/word", value);
        Assert.Equal(put.ETag, (await server.Client.PostAsync("/v1/counters/word")).ExpectProblem(409, "not-a-number").ETag);
        Assert.Equal((value, put.ETag), ((await server.Client.GetAsync("/v1/kv/word")).Text, put.ETag));
    }

    [Theory]
    [InlineData("9223372036854775807", "1")]
    [InlineData("1", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-1")]
    [InlineData("-1", "-9223372036854775808")]
    public async Task Add_Overflow_IsConflictWithoutChange(string value, string by)
    {
        var put = await server.Client.PutAsync("/v1/kv/edge", value);
        (await server.Client.PostAsync("/v1/counters/edge?by=" + by)).ExpectProblem(409, "overflow");
        Assert.Equal((value, put.ETag), ((await server.Client.GetAsync("/v1/kv/edge")).Text, put.ETag));
    }

    [Fact]
    public async Task Add_InvalidAmount_IsRejected()
    {
        foreach (var by in new[] { "", "x", "1.0", "9223372036854775808", "-9223372036854775809", "--1", "%20" })
            (await server.Client.PostAsync("/v1/counters/k?by=" + by)).ExpectProblem(400, "malformed-request", "by");
        (await server.Client.PostAsync("/v1/counters/k?bye=1")).ExpectProblem(400, "malformed-request", "bye");
        (await server.Client.PostAsync("/v1/counters/k", "5")).ExpectProblem(400, "malformed-request", "body");
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("POST", "/v1/counters/k", "", "Transfer-Encoding: chunked", "Connection: close")).ExpectProblem(400, "malformed-request", "body");
        (await server.Client.GetAsync("/v1/kv/k")).Expect(404);
    }

    [Fact]
    public async Task Add_Conditions_AreChecked()
    {
        (await server.Client.PostAsync("/v1/counters/cond", null, ("If-Match", "*"))).ExpectProblem(412, "precondition-failed");
        var first = (await server.Client.PostAsync("/v1/counters/cond", null, ("If-None-Match", "*"))).Expect(200);
        Assert.Equal(first.ETag, (await server.Client.PostAsync("/v1/counters/cond", null, ("If-None-Match", "*"))).ExpectProblem(412, "precondition-failed").ETag);
        Assert.Equal("2", (await server.Client.PostAsync("/v1/counters/cond", null, ("If-Match", first.ETag!))).Expect(200).Text);
        (await server.Client.PostAsync("/v1/counters/cond", null, ("If-Match", first.ETag!))).ExpectProblem(412, "precondition-failed");
        (await server.Client.PostAsync("/v1/counters/cond", null, ("If-Match", "nonsense"))).ExpectProblem(400, "malformed-request", "If-Match");
    }

    [Fact]
    public async Task Add_256Clients_IsExactWithDistinctAnswers()
    {
        const int clients = 256;
        const int each = 20;
        using var client = new KvClient(server.EndPoint, clients);
        var answers = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var numbers = new long[each];
            for (var i = 0; i < each; i++)
                numbers[i] = long.Parse((await client.PostAsync("/v1/counters/hot")).Expect(200).Text, CultureInfo.InvariantCulture);
            return numbers;
        }));

        Assert.All(answers, numbers => Assert.Equal(numbers.Order(), numbers));
        Assert.Equal(Enumerable.Range(1, clients * each).Select(i => (long)i), answers.SelectMany(numbers => numbers).Order());
        Assert.Equal($"{clients * each}", (await server.Client.GetAsync("/v1/kv/hot")).Text);
    }

    private async Task<Response> AddAsync(string target) => (await server.Client.PostAsync("/v1/counters/" + target)).Expect(200);
}
