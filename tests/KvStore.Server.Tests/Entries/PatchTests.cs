using System.Text;
using System.Text.Json.Nodes;

namespace KvStore.Server.Tests;

/// <summary>PATCH of /v1/kv/{key}.</summary>
public sealed class PatchTests(KvServer server) : IClassFixture<KvServer>
{
    private static readonly (string, string) MergePatch = ("Content-Type", "application/merge-patch+json");

    /// <summary>RFC 7396, appendix A, whole: original, patch, result.</summary>
    public static readonly TheoryData<string, string, string> Examples = new()
    {
        { """{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""" },
        { """{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""" },
        { """{"a":"b"}""", """{"a":null}""", "{}" },
        { """{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""" },
        { """{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""" },
        { """{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""" },
        { """{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""" },
        { """{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""" },
        { """["a","b"]""", """["c","d"]""", """["c","d"]""" },
        { """{"a":"b"}""", """["c"]""", """["c"]""" },
        { """{"a":"foo"}""", "null", "null" },
        { """{"a":"foo"}""", "\"bar\"", "\"bar\"" },
        { """{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""" },
        { "[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""" },
        { "{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""" },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Patch_Rfc7396Examples_Match(string original, string patch, string result)
    {
        var target = $"/v1/kv/patch/{Guid.NewGuid():N}";
        var put = await server.Client.PutAsync(target, original, ("Content-Type", "application/vnd.x+json"));
        var patched = (await server.Client.PatchAsync(target, patch, ("Content-Type", "Application/Merge-Patch+JSON; charset=utf-8"))).Expect(204);

        var now = (await server.Client.GetAsync(target)).Expect(200);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(result), JsonNode.Parse(now.Text)), now.Text);
        Assert.Equal((patched.ETag, "application/vnd.x+json"), (now.ETag, now.ContentType));
        Assert.True(patched.Revision > put.Revision);
    }

    [Fact]
    public async Task Patch_AbsentKey_IsNotFound()
    {
        foreach (var headers in new (string, string)[][] { [MergePatch], [MergePatch, ("If-Match", "\"1\"")], [MergePatch, ("If-None-Match", "*")] })
            (await server.Client.PatchAsync("/v1/kv/patch/absent", "{}", headers)).ExpectProblem(404, "not-found");
        (await server.Client.PatchAsync("/v1/kv/patch/absent?ttl=5")).ExpectProblem(404, "not-found");
        (await server.Client.GetAsync("/v1/kv/patch/absent")).Expect(404);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"b\":\"\\ud83d\"}")]
    public async Task Patch_ValueNotJson_IsConflictWithoutChange(string value)
    {
        var put = await server.Client.PutAsync("/v1/kv/patch/text", Encoding.UTF8.GetBytes(value));
        var answer = (await server.Client.PatchAsync("/v1/kv/patch/text", """{"a":1}""", MergePatch)).ExpectProblem(409, "not-json");
        Assert.Equal(put.ETag, answer.ETag);
        Assert.Equal(put.ETag, (await server.Client.GetAsync("/v1/kv/patch/text")).ETag);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("\"\\ud83d\"")]
    public async Task Patch_BodyNotJson_IsRejected(string body)
    {
        await server.Client.PutAsync("/v1/kv/patch/good", "{}");
        (await server.Client.PatchAsync("/v1/kv/patch/good", body, MergePatch)).ExpectProblem(400, "malformed-request", "body");
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        (await server.Client.PatchAsync("/v1/kv/patch/good", deep, MergePatch)).ExpectProblem(400, "malformed-request", "body");
    }

    [Fact]
    public async Task Patch_EmptyPatch_IsRejected() =>
        (await server.Client.PatchAsync("/v1/kv/patch/nothing")).ExpectProblem(400, "malformed-request", "body");

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json-patch+json")]
    public async Task Patch_OtherMediaType_NamesAccepted(string? type)
    {
        var answer = await server.Client.PatchAsync("/v1/kv/patch/type", "{}", type is null ? [] : [("Content-Type", type)]);
        Assert.Equal("application/merge-patch+json", answer.ExpectProblem(415, "unsupported-media-type", "Content-Type").Header("Accept-Patch"));
    }

    [Fact]
    public async Task Patch_TooLarge_IsRejected()
    {
        await using var own = await KvServer.StartAsync(("ValueBytesMax", "64"));
        await own.Client.PutAsync("/v1/kv/large", $$"""{"a":"{{new string('x', 50)}}"}""");
        (await own.Client.PatchAsync("/v1/kv/large", $$"""{"b":"{{new string('x', 70)}}"}""", MergePatch)).ExpectProblem(413, "too-large");
        (await own.Client.PatchAsync("/v1/kv/large", """{"b":"12345678"}""", MergePatch)).ExpectProblem(413, "too-large");
        (await own.Client.PatchAsync("/v1/kv/large", """{"b":1}""", MergePatch)).Expect(204);
        Assert.Equal(64, (await own.Client.GetAsync("/v1/kv/large")).Body.Length);
    }

    [Fact]
    public async Task LostUpdate_ConcurrentPatches_KeepEveryMember()
    {
        await server.Client.PutAsync("/v1/kv/patch/shared", "{}");
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
            (await server.Client.PatchAsync("/v1/kv/patch/shared", $$"""{"m{{i}}":{{i}}}""", MergePatch)).Expect(204)));

        var members = (await server.Client.GetAsync("/v1/kv/patch/shared")).Json.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetInt32());
        Assert.Equal(Enumerable.Range(0, 200).ToDictionary(i => $"m{i}"), members);
    }
}
