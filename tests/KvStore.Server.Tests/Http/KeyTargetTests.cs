using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Request targets around a key: other forms of the path before it, and absolute ones.</summary>
public sealed class KeyTargetTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("/V1/kv/a")]
    [InlineData("/v1/KV/a")]
    [InlineData("/%76%31/kv/a")]
    [InlineData("/v1/../v1/kv/a")]
    [InlineData("/x/../v1/kv/a")]
    [InlineData("/./v1/kv/a")]
    public async Task AnyMethod_PathPrefixInOtherForm_IsRejected(string target)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("PUT", target, "v")).ExpectProblem(400, "malformed-request");
        (await raw.RequestAsync("GET", target)).ExpectProblem(400, "malformed-request");
    }

    [Theory]
    [InlineData("/v1/kvx")]
    [InlineData("/v1/kv%2Fa")]
    [InlineData("/v1//kv/a")]
    [InlineData("//v1/kv/a")]
    public async Task Put_TargetOutsidePrefix_IsNotFound(string target)
    {
        using var raw = await server.ConnectAsync();
        var before = server.Store.Latest;
        (await raw.RequestAsync("PUT", target, "v")).ExpectProblem(404, "no-such-resource");
        Assert.Same(before, server.Store.Latest);
    }

    [Theory]
    [InlineData("http://localhost/v1/kv/absolute%2Fa", "absolute/a")]
    [InlineData("http://localhost/v1/kv/absolute%252Fa", "absolute%2Fa")]
    [InlineData("http://localhost/v1/kv/absolute//http://x/y?", "absolute//http://x/y")]
    public async Task Put_AbsoluteTarget_IsSameKey(string target, string key)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("PUT", target, "v" + key)).Expect(201);
        Assert.Equal("v" + key, (await raw.RequestAsync("GET", "/v1/kv/" + EncodeAll(key))).Expect(200).Text);
        Assert.Equal("v" + key, (await raw.RequestAsync("GET", target)).Expect(200).Text);
    }

    [Theory]
    [InlineData("http://localhost/v1/kv/a/../b")]
    [InlineData("http://localhost/v1/kv/../../livez")]
    [InlineData("http://localhost/v1/kv/%2e%2e")]
    public async Task Get_AbsoluteTargetWithDotSegment_IsRejected(string target)
    {
        using var raw = await server.ConnectAsync();
        (await raw.RequestAsync("GET", target)).ExpectProblem(400, "malformed-key", "key");
    }

    [Theory]
    [InlineData("http://localhost?/v1/kv/elsewhere")]
    [InlineData("http://localhost#/v1/kv/elsewhere")]
    [InlineData("http://localhost?x=/v1/kv/elsewhere")]
    public async Task Put_AbsoluteTargetWithoutPath_IsNotFound(string target)
    {
        using var raw = await server.ConnectAsync();
        var before = server.Store.Latest;
        var answer = await raw.RequestAsync("PUT", target, "v");
        Assert.True(answer.Status is 400 or 404 or 405 && !answer.Text.Contains("malformed-key", StringComparison.Ordinal), answer.ToString());
        Assert.Same(before, server.Store.Latest);
    }

    private static string EncodeAll(string key) => string.Concat(Encoding.UTF8.GetBytes(key).Select(b => $"%{b:X2}"));
}
