using System.Text;

namespace KvStore.Server.Tests;

/// <summary>The parameters of listings, the forms of values, and pages bounded by bytes.</summary>
public sealed class ListingTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task List_EmptyStore_IsEmptyPage()
    {
        await using var own = await KvServer.StartAsync();
        var page = (await own.Client.GetAsync("/v1/kv")).Expect(200);
        Assert.Equal("{\"revision\":0,\"items\":[]}", page.Text);
        Assert.Equal("application/json", page.ContentType);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=%2B5", "limit")]
    [InlineData("limit=1.0", "limit")]
    [InlineData("limit=1e1", "limit")]
    [InlineData("limit=0x10", "limit")]
    [InlineData("limit= 5", "limit")]
    [InlineData("limit=%205", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit", "limit")]
    [InlineData("limit=99999999999999999999", "limit")]
    [InlineData("limit=%D9%A1", "limit")]
    [InlineData("values=yes", "values")]
    [InlineData("values=2", "values")]
    [InlineData("values=+1", "values")]
    [InlineData("revision=-1", "revision")]
    [InlineData("revision=abc", "revision")]
    [InlineData("revision=999999999", "revision")]
    [InlineData("revision=9223372036854775807", "revision")]
    [InlineData("revision=9223372036854775808", "revision")]
    [InlineData("limit=5&limit=5", "limit")]
    [InlineData("limit=5&%6Cimit=5", "limit")]
    [InlineData("prefix=a&prefix=a", "prefix")]
    [InlineData("Prefix=a", "Prefix")]
    [InlineData("limits=5", "limits")]
    [InlineData("unknown", "unknown")]
    [InlineData("=5", "")]
    [InlineData("prefix=%C3", "prefix")]
    [InlineData("prefix=%ED%A0%80", "prefix")]
    [InlineData("prefix=%C0%80", "prefix")]
    [InlineData("prefix=%", "prefix")]
    [InlineData("prefix=%zz", "prefix")]
    [InlineData("%C3=a", "query")]
    [InlineData("prefix=a#b", "prefix")]
    [InlineData("delimiter=", "delimiter")]
    [InlineData("delimiter", "delimiter")]
    [InlineData("delimiter=/&delimiter=/", "delimiter")]
    [InlineData("count_only=on", "count_only")]
    [InlineData("limit=1,000", "limit")]
    [InlineData("limit=1_000", "limit")]
    [InlineData("count_only=true&limit=5", "limit")]
    [InlineData("count_only=true&cursor=AAAA", "cursor")]
    [InlineData("count_only=true&delimiter=/", "delimiter")]
    [InlineData("count_only=true&values=false", "values")]
    [InlineData("consistency=", "consistency")]
    [InlineData("consistency=Local", "consistency")]
    [InlineData("min_revision=", "min_revision")]
    [InlineData("min_revision=-1", "min_revision")]
    [InlineData("min_revision=9223372036854775808", "min_revision")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=AAAA", "cursor")]
    [InlineData("cursor=!", "cursor")]
    [InlineData("cursor=%E2%82%AC", "cursor")]
    public async Task List_InvalidParameter_NamesField(string query, string field)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("GET", "/v1/kv?" + query.Replace(" ", "+", StringComparison.Ordinal))).ExpectProblem(400, "malformed-request", field);
    }

    [Theory]
    [InlineData("prefix")]
    [InlineData("after")]
    [InlineData("delimiter")]
    public async Task List_InvalidBound_NamesField(string name)
    {
        (await server.Client.GetAsync($"/v1/kv?{name}=a%00")).ExpectProblem(400, "malformed-key", name);
        (await server.Client.GetAsync($"/v1/kv?{name}=%C2%85")).ExpectProblem(400, "malformed-key", name);
        (await server.Client.GetAsync($"/v1/kv?{name}={new string('k', 1025)}")).ExpectProblem(400, "malformed-key", name);
        (await server.Client.GetAsync($"/v1/kv?{name}={new string('k', 1024)}")).Expect(200);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("?", true)]
    [InlineData("?&&", true)]
    [InlineData("?prefix=plus%2B", true)]
    [InlineData("?prefix=plus+", false)]
    [InlineData("?%70refix=%70lus%2B", true)]
    [InlineData("?after=", true)]
    [InlineData("?limit=1000&values=false", true)]
    [InlineData("?limit=007", true)]
    public async Task List_EncodedQuery_IsDecodedOnce(string query, bool found)
    {
        await using var own = await KvServer.StartAsync();
        await own.Client.PutAsync("/v1/kv/plus+sign", "v");
        Assert.Equal(found ? ["plus+sign"] : [], Keys((await own.Client.GetAsync("/v1/kv" + query)).Expect(200)));
    }

    [Fact]
    public async Task List_PrefixAndAfter_CompareBytes()
    {
        await using var own = await KvServer.StartAsync();
        string[] keys = ["A", "a", "a b", "a%", "a+", "a/", "a/b", "ab", "b", "\u00E9", "\uFFFD", "\U0001F600"];
        foreach (var key in keys.Reverse())
            await own.Client.PutAsync("/v1/kv/" + Uri.EscapeDataString(key), "v");

        Assert.Equal(keys, Keys(await own.Client.GetAsync("/v1/kv")));
        Assert.Equal(["a", "a b", "a%", "a+", "a/", "a/b", "ab"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a")));
        Assert.Equal(["a b"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a+")));
        Assert.Equal(["a+"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a%2B")));
        Assert.Equal(["a/", "a/b"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a/")));
        Assert.Equal(["ab"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a&after=a/b")));
        Assert.Equal(["a", "a b"], Keys(await own.Client.GetAsync("/v1/kv?prefix=a&after=A&limit=2")));
        Assert.Empty(Keys(await own.Client.GetAsync("/v1/kv?prefix=a&after=b")));
        Assert.Equal(["\uFFFD", "\U0001F600"], Keys(await own.Client.GetAsync("/v1/kv?after=%C3%A9")));
        Assert.Empty(Keys(await own.Client.GetAsync("/v1/kv?after=%F4%8F%BF%BF")));
    }

    [Fact]
    public async Task List_ExactLimit_HasNoCursor()
    {
        foreach (var number in Enumerable.Range(0, 5))
            await server.Client.PutAsync($"/v1/kv/enough/{number}", "v");
        Assert.False((await server.Client.GetAsync("/v1/kv?prefix=enough/&limit=5")).Json.TryGetProperty("cursor", out _));
        Assert.True((await server.Client.GetAsync("/v1/kv?prefix=enough/&limit=4")).Json.TryGetProperty("cursor", out _));
    }

    [Fact]
    public async Task List_NoLimit_Has100()
    {
        await using var own = await KvServer.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 101).Select(number => own.Client.PutAsync($"/v1/kv/{number}", "v")));
        var page = (await own.Client.GetAsync("/v1/kv")).Json;
        Assert.Equal(100, page.GetProperty("items").GetArrayLength());
        Assert.Equal(101, (await own.Client.GetAsync("/v1/kv?limit=1000")).Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("application/json", "{\"a\": [1, null, \"\\ud83d\\ude00\"]}", "json")]
    [InlineData("application/json; charset=utf-8", " 7 ", "json")]
    [InlineData("application/vnd.x+json", "\"text\"", "json")]
    [InlineData("APPLICATION/JSON", "null", "json")]
    [InlineData("application/json", "{\"a\": 1, \"b\": {\"a\": 1}, \"c\": [{\"a\": 1}, {\"a\": 1}]}", "json")]
    [InlineData("application/json", "[1.7e308, -1e-400, 9007199254740993, \"\\u0000\"]", "json")]
    [InlineData("application/json", "", "text")]
    [InlineData("application/json", "{\"a\":1,}", "text")]
    [InlineData("application/json", "{} {}", "text")]
    [InlineData("application/json", "// comment\n1", "text")]
    [InlineData("application/json", "NaN", "text")]
    [InlineData("application/json", "\uFEFF{}", "text")]
    [InlineData("application/json", "1e400", "text")]
    [InlineData("application/json", "[-1E+309]", "text")]
    [InlineData("application/json", "\"\\ud800\"", "text")]
    [InlineData("application/json", "\"\\udc00\\ud800\"", "text")]
    [InlineData("application/json", "{\"\\uD800x\":1}", "text")]
    [InlineData("application/json", "{\"a\":1,\"b\":2,\"a\":3}", "text")]
    [InlineData("application/json", "[{\"x\":{\"a\":1,\"\\u0061\":2}}]", "text")]
    [InlineData("application/json", "\0", "text")]
    [InlineData("application/jsonx", "{}", "text")]
    [InlineData("text/plain", "", "text")]
    [InlineData("text/plain", "\0\u0001\"\\\n\u2028<>&\U0001F600", "text")]
    [InlineData("Text/HTML; charset=\"utf-8\"", "<p>", "text")]
    [InlineData("text/plain; charset=US-ASCII", "plain", "text")]
    [InlineData("text/plain; charset=utf8", "plain", "text")]
    [InlineData("text/plain;CHARSET=UTF8", "plain", "text")]
    [InlineData("text/plain; charset=utf-8; format=flowed", "plain", "text")]
    [InlineData("text/plain; format=flowed; charset=\"UTF-8\"", "plain", "text")]
    [InlineData("text/plain; x-charset=latin1", "plain", "text")]
    [InlineData("text/plain; charset=iso-8859-1", "plain", "base64")]
    [InlineData("text/plain; format=flowed; Charset=latin1", "plain", "base64")]
    [InlineData("text/plain; charset=utf-16", "plain", "base64")]
    [InlineData("text/plain; charset=utf-80", "plain", "base64")]
    [InlineData("image/png", "plain", "text")]
    [InlineData("application/octet-stream", "{}", "text")]
    [InlineData("application/x-www-form-urlencoded", "{}", "text")]
    public async Task List_Values_HaveOneForm(string contentType, string value, string form)
    {
        await server.Client.PutAsync("/v1/kv/form", value, ("Content-Type", contentType));
        Assert.Equal(Encoding.UTF8.GetBytes(value), await ListedAsync(form));
    }

    [Theory]
    [InlineData("application/json", "\"\u00FF\"")]
    [InlineData("application/json", "{\"\u00C3\":1}")]
    [InlineData("text/plain", "\u00FF")]
    [InlineData("text/plain", "cut \u00E2\u0082")]
    [InlineData("text/plain", "\u00ED\u00A0\u0080")]
    public async Task List_ValuesNotUtf8_AreBase64(string contentType, string latin1)
    {
        var value = Encoding.Latin1.GetBytes(latin1);
        await server.Client.PutAsync("/v1/kv/form", value, ("Content-Type", contentType));
        Assert.Equal(value, await ListedAsync("base64"));
    }

    [Fact]
    public async Task List_DeepJson_CanBeParsed()
    {
        foreach (var depth in Enumerable.Range(1, 70))
        {
            await server.Client.PutAsync($"/v1/kv/deep", new string('[', depth) + new string(']', depth), ("Content-Type", "application/json"));
            var item = (await server.Client.GetAsync("/v1/kv?prefix=deep&values=true")).Expect(200).Json.GetProperty("items")[0];
            Assert.True(item.TryGetProperty(depth <= 60 ? "json" : "text", out _), $"depth {depth}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task List_LargeValues_SplitsPages(bool text)
    {
        await using var own = await KvServer.StartAsync();
        var value = new string(text ? 'x' : '\u0001', 600_000);
        foreach (var number in Enumerable.Range(0, 20))
            await own.Client.PutAsync($"/v1/kv/large/{number:00}", value, ("Content-Type", "text/plain"));

        var keys = new List<string>();
        for (var target = "/v1/kv?values=true"; target is not null;)
        {
            var page = (await own.Client.GetAsync(target)).Expect(200);
            var bytes = page.Json.GetProperty("items").GetArrayLength() * (value.Length + 200);
            Assert.True(bytes < (4 << 20) + value.Length + 1000, $"{bytes} bytes");
            Assert.All(page.Json.GetProperty("items").EnumerateArray(), item => Assert.Equal(value, item.GetProperty("text").GetString()));
            keys.AddRange(Keys(page));
            target = page.Json.TryGetProperty("cursor", out var cursor) ? $"/v1/kv?values=true&cursor={cursor.GetString()}" : null;
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"large/{number:00}"), keys);
    }

    [Fact]
    public async Task List_PageBytesBelowEntry_Progresses()
    {
        await using var own = await KvServer.StartAsync(("PageBytesMax", "1"));
        foreach (var number in Enumerable.Range(0, 3))
            await own.Client.PutAsync($"/v1/kv/{number}", "v");
        var page = await own.Client.GetAsync("/v1/kv");
        Assert.Equal(["0"], Keys(page));
        Assert.Equal(["1"], Keys(await own.Client.GetAsync("/v1/kv?cursor=" + page.Json.GetProperty("cursor").GetString())));
    }

    private static string[] Keys(Response page) => [.. page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()!)];

    private async Task<byte[]> ListedAsync(string form)
    {
        var item = (await server.Client.GetAsync("/v1/kv?prefix=form&values=true")).Expect(200).Json.GetProperty("items")[0];
        Assert.Equal(form, Assert.Single(item.EnumerateObject(), member => member.Name is "json" or "text" or "base64").Name);
        var value = item.GetProperty(form);
        return form switch
        {
            // A reader does not see the white space around a value.
            "json" => Encoding.UTF8.GetBytes(value.GetRawText() is "7" ? " 7 " : value.GetRawText()),
            "text" => Encoding.UTF8.GetBytes(value.GetString()!),
            _ => value.GetBytesFromBase64(),
        };
    }
}
