namespace KvStore.Server.Tests;

/// <summary>Values over the wire: any bytes up to the limit come back as they were sent, with the media type they were sent with.</summary>
public sealed class ValueTests(KvServer server) : IClassFixture<KvServer>
{
    private const int Limit = 1 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(Limit - 1)]
    [InlineData(Limit)]
    public async Task Put_UpToLimit_RoundTrips(int size)
    {
        var value = RandomBytes(size);
        foreach (var chunked in new[] { false, true })
        {
            var target = $"/v1/kv/size/{size}/{chunked}";
            (await SendAsync(target, value, chunked)).Expect(201);
            var answer = (await server.Client.GetAsync(target)).Expect(200);
            Assert.Equal(value, answer.Body);
            Assert.Equal(size.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Header("Content-Length"));
        }
    }

    [Theory]
    [InlineData(Limit + 1)]
    [InlineData(Limit + 70_000)]
    [InlineData(3 * Limit)]
    public async Task Put_OverLimit_IsRejected(int size)
    {
        (await server.Client.PutAsync("/v1/kv/large", "small")).Expect(201);
        foreach (var chunked in new[] { false, true })
        {
            (await SendAsync("/v1/kv/large", RandomBytes(size), chunked)).ExpectProblem(413, "too-large");
            Assert.Equal("small", (await server.Client.GetAsync("/v1/kv/large")).Text);
        }

        await server.Client.DeleteAsync("/v1/kv/large");
    }

    [Theory]
    [InlineData(Limit, 201)]
    [InlineData(Limit + 1, 413)]
    public async Task Put_OneByteChunks_CountsValueBytes(int size, int status)
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync("PUT /v1/kv/chunks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        await raw.SendAsync(string.Concat(Enumerable.Repeat("1\r\nx\r\n", size)));
        await raw.SendAsync("0\r\n\r\n");
        (await raw.ReadAsync()).Expect(status);
        if (status == 201)
            Assert.Equal(new string('x', size), (await raw.RequestAsync("GET", "/v1/kv/chunks")).Text);
        await server.Client.DeleteAsync("/v1/kv/chunks");
    }

    [Fact]
    public async Task Put_ExpectContinueTooLarge_IsRejectedBeforeBody()
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync($"PUT /v1/kv/expect HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {Limit + 1}\r\n\r\n");
        (await raw.ReadBodyAsync((await raw.ReadHeadAsync()).Expect(413))).ExpectProblem(413, "too-large");
    }

    [Fact]
    public async Task Put_ExpectContinueBadCondition_IsRejectedBeforeBody()
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync("PUT /v1/kv/expect HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nIf-Match: 7\r\nContent-Length: 10\r\n\r\n");
        (await raw.ReadBodyAsync((await raw.ReadHeadAsync()).Expect(400))).ExpectProblem(400, "malformed-request", "If-Match");
    }

    [Fact]
    public async Task Put_ExpectContinue_Gets100()
    {
        using var raw = await server.ConnectAsync();
        await raw.SendAsync("PUT /v1/kv/expect HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        (await raw.ReadHeadAsync()).Expect(100);
        await raw.SendAsync("hello");
        (await raw.ReadAsync("PUT")).Expect(201);
        Assert.Equal("hello", (await raw.RequestAsync("GET", "/v1/kv/expect")).Text);
    }

    [Fact]
    public async Task Put_EveryByte_RoundTrips()
    {
        byte[] value = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        (await server.Client.PutAsync("/v1/kv/bytes", value)).Expect(201);
        Assert.Equal(value, (await server.Client.GetAsync("/v1/kv/bytes")).Body);
        foreach (var one in value)
        {
            await server.Client.PutAsync("/v1/kv/byte", [one]);
            Assert.Equal([one], (await server.Client.GetAsync("/v1/kv/byte")).Body);
        }
    }

    [Theory]
    [InlineData(null, "application/octet-stream")]
    [InlineData("", "application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded", "application/octet-stream")]
    [InlineData("Application/X-WWW-Form-Urlencoded", "application/octet-stream")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/plain; charset=utf-8", "text/plain; charset=utf-8")]
    [InlineData("TEXT/Plain;Charset=\"UTF-8\"", "TEXT/Plain;Charset=\"UTF-8\"")]
    [InlineData("application/vnd.example+json; v=1", "application/vnd.example+json; v=1")]
    [InlineData("image/svg+xml", "image/svg+xml")]
    public async Task Put_MediaType_IsStored(string? given, string stored)
    {
        using var raw = await server.ConnectAsync();
        await raw.RequestAsync("PUT", "/v1/kv/type", "v", given is null ? [] : ["Content-Type: " + given]);
        Assert.Equal(stored, (await raw.RequestAsync("GET", "/v1/kv/type")).Expect(200).ContentType);
        Assert.Equal(stored, (await raw.RequestAsync("HEAD", "/v1/kv/type")).Expect(200).ContentType);
    }

    [Fact]
    public async Task Put_MediaTypeOfAllowedLength_IsStored()
    {
        var type = "text/" + new string('x', 251);
        await server.Client.PutAsync("/v1/kv/type", "v", ("Content-Type", type));
        Assert.Equal(type, (await server.Client.GetAsync("/v1/kv/type")).ContentType);
    }

    [Theory]
    [InlineData("long")]
    [InlineData("Content-Type: text/caf\u00C3\u00A9")]
    [InlineData("Content-Type: text/plain\r\nContent-Type: text/html")]
    public async Task Put_InvalidMediaType_IsRejected(string lines)
    {
        using var raw = await server.ConnectAsync();
        var line = lines == "long" ? "Content-Type: text/" + new string('x', 252) : lines;
        (await raw.RequestAsync("PUT", "/v1/kv/refused", "v", line)).ExpectProblem(400, "malformed-request", "Content-Type");
        (await raw.RequestAsync("GET", "/v1/kv/refused")).Expect(404);
    }

    [Fact]
    public async Task Put_OtherMediaType_Replaces()
    {
        await server.Client.PutAsync("/v1/kv/retype", "{}", ("Content-Type", "application/json"));
        (await server.Client.PutAsync("/v1/kv/retype", "plain")).Expect(204);
        Assert.Equal("application/octet-stream", (await server.Client.GetAsync("/v1/kv/retype")).ContentType);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("image/svg+xml")]
    [InlineData("application/octet-stream")]
    public async Task Get_StoredPage_CannotRunAsScript(string type)
    {
        await server.Client.PutAsync("/v1/kv/page", "<script>alert(document.domain)</script>", ("Content-Type", type));
        foreach (var method in new[] { "GET", "HEAD" })
        {
            var answer = (await server.Client.SendAsync(method, "/v1/kv/page", null)).Expect(200);
            Assert.Equal(type, answer.ContentType);
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("sandbox; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
        }
    }

    [Fact]
    public async Task Head_Entry_HasHeadersOfGet()
    {
        await server.Client.PutAsync("/v1/kv/head", "12345", ("Content-Type", "text/plain"));
        using var raw = await server.ConnectAsync();
        var get = (await raw.RequestAsync("GET", "/v1/kv/head")).Expect(200);
        var head = (await raw.RequestAsync("HEAD", "/v1/kv/head")).Expect(200);
        foreach (var name in new[] { "Content-Type", "Content-Length", "ETag", "KvStore-Revision", "Cache-Control" })
            Assert.Equal(get.Header(name), head.Header(name));

        // The connection is still in step, so no byte of a body came.
        Assert.Equal("12345", (await raw.RequestAsync("GET", "/v1/kv/head")).Text);
    }

    [Fact]
    public async Task Put_CreateThenReplace_Is201Then204()
    {
        var created = (await server.Client.PutAsync("/v1/kv/life", "1")).Expect(201);
        var replaced = (await server.Client.PutAsync("/v1/kv/life", "2")).Expect(204);
        Assert.Equal($"\"{created.Revision}\"", created.ETag);
        Assert.Equal($"\"{replaced.Revision}\"", replaced.ETag);
        Assert.True(replaced.Revision > created.Revision);

        var deleted = (await server.Client.DeleteAsync("/v1/kv/life")).Expect(204);
        Assert.True(deleted.Revision > replaced.Revision);
        Assert.Null(deleted.ETag);
        var missing = (await server.Client.GetAsync("/v1/kv/life")).ExpectProblem(404, "not-found");
        Assert.True(missing.Revision >= deleted.Revision);
        (await server.Client.DeleteAsync("/v1/kv/life")).ExpectProblem(404, "not-found");
        (await server.Client.PutAsync("/v1/kv/life", "3")).Expect(201);
    }

    [Fact]
    public async Task Put_LimitOfSettings_Applies()
    {
        await using var own = await KvServer.StartAsync(("ValueBytesMax", "10"));
        (await own.Client.PutAsync("/v1/kv/a", "1234567890")).Expect(201);
        (await own.Client.PutAsync("/v1/kv/a", "12345678901")).ExpectProblem(413, "too-large");
        (await own.Client.PutAsync("/person/update", "{\"id\":1,\"name\":\"n\"}", ("Content-Type", "application/json"))).ExpectProblem(413, "too-large");
    }

    [Theory]
    [InlineData("GET", "?x=1", "x")]
    [InlineData("GET", "?revision=1&revision=1", "revision")]
    [InlineData("GET", "?Revision=1", "Revision")]
    [InlineData("PUT", "?revision=1", "revision")]
    [InlineData("PUT", "?tll=60", "tll")]
    [InlineData("DELETE", "?revision=1", "revision")]
    [InlineData("GET", "?revision=%C3", "revision")]
    public async Task AnyMethod_UnknownParameter_IsRejected(string method, string query, string field)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync(method, "/v1/kv/parameters" + query)).ExpectProblem(400, "malformed-request", field);
        (await raw.RequestAsync("GET", "/v1/kv/parameters")).Expect(404);
    }

    private static byte[] RandomBytes(int size)
    {
        var value = new byte[size];
        new Random(size).NextBytes(value);
        return value;
    }

    private Task<Response> SendAsync(string target, byte[] value, bool chunked)
    {
        HttpContent content = chunked ? new StreamContent(new MemoryStream(value)) { Headers = { ContentLength = null } } : new ByteArrayContent(value);
        return server.Client.SendAsync("PUT", target, content, chunked ? [("Transfer-Encoding", "chunked")] : []);
    }
}
