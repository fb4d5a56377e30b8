using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>GET and HEAD of /v1/crdt/{key}: forms, conditions and old states.</summary>
public sealed class MergeableReadTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("text/plain", "text/plain; charset=utf-8", "a\"é")]
    [InlineData("application/json", "application/json", "\"a\\\"é\"")]
    [InlineData("*/*", "application/json", "\"a\\\"é\"")]
    [InlineData("text/html, application/xml;q=0.9, */*;q=0.8", "application/json", "\"a\\\"é\"")]
    [InlineData("application/json;q=0.5, text/*;q=0.6", "text/plain; charset=utf-8", "a\"é")]
    [InlineData("image/png", "application/json", "\"a\\\"é\"")]
    [InlineData("nonsense", "application/json", "\"a\\\"é\"")]
    public async Task Get_Accept_ChoosesForm(string accept, string contentType, string expected)
    {
        await server.ChangeAsync("forms?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"a\\\"é\"}]}", ("If-None-Match", "*"));
        var read = (await server.Client.GetAsync("/v1/crdt/forms", ("Accept", accept))).Expect(200);
        Assert.Equal((expected, contentType, "Accept"), (read.Text, read.ContentType, read.Header("Vary")));
        Assert.NotNull(read.Header("Last-Modified"));
        var head = (await server.Client.SendAsync("HEAD", "/v1/crdt/forms", null, ("Accept", accept))).Expect(200);
        Assert.Equal((read.ETag, read.ContentType, read.Header("Content-Length"), read.Header("KvStore-Version")), (head.ETag, head.ContentType, head.Header("Content-Length"), head.Header("KvStore-Version")));
    }

    [Fact]
    public async Task Get_SetAndNumberAsText_AreJsonAndDigits()
    {
        await server.ChangeAsync("texts/set?type=g-set", "{\"add\":[\"a\"]}");
        await server.ChangeAsync("texts/number?type=pn-counter", "{\"increment\":-9223372036854775807}");
        var set = (await server.Client.GetAsync("/v1/crdt/texts/set", ("Accept", "text/plain"))).Expect(200);
        Assert.Equal(("[\"a\"]", "application/json"), (set.Text, set.ContentType));
        var number = (await server.Client.GetAsync("/v1/crdt/texts/number", ("Accept", "text/plain"))).Expect(200);
        Assert.Equal(("-9223372036854775807", "text/plain; charset=utf-8"), (number.Text, number.ContentType));
        Assert.Equal("-9223372036854775807", await server.ReadAsync("texts/number"));
    }

    [Fact]
    public async Task Get_Delta_IsStateOrWhatIsLacking()
    {
        var first = (await server.ChangeAsync("lacking?type=or-set", "{\"add\":[\"a\"]}")).Expect(201);
        var replica = (SetReplica)await server.LoadAsync("lacking");
        var second = (await server.ChangeAsync("lacking", "{\"add\":[\"b\"],\"remove\":[\"a\"]}")).Expect(200);
        var lacking = (await server.Client.GetAsync($"/v1/crdt/lacking?since={first.Version()}")).Expect(200);
        Assert.Equal((second.Version(), "or-set", second.Revision, MergeableCalls.DeltaType), (lacking.Version(), lacking.Json.GetProperty("type").GetString(), lacking.Json.GetProperty("revision").GetInt64(), lacking.ContentType));
        replica.MergeFrom(lacking.Delta());
        Assert.Equal(["b"], replica.Elements);
        Assert.False((await server.Client.GetAsync($"/v1/crdt/lacking?since={second.Version()}")).Expect(200).Json.TryGetProperty("delta", out _));
    }

    [Fact]
    public async Task Get_ConditionsAndOldRevisions_AreHonoured()
    {
        var first = (await server.ChangeAsync("old?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"old\"}]}")).Expect(201);
        var second = (await server.ChangeAsync("old", "{\"edits\":[{\"at\":0,\"insert\":\"not \"}]}")).Expect(200);
        (await server.Client.GetAsync("/v1/crdt/old", ("If-None-Match", second.ETag!))).Expect(304);
        (await server.Client.GetAsync("/v1/crdt/old", ("If-None-Match", first.ETag!))).Expect(200);
        (await server.Client.GetAsync("/v1/crdt/old", ("If-Match", first.ETag!))).ExpectProblem(412, "precondition-failed");
        Assert.Equal("\"old\"", (await server.Client.GetAsync($"/v1/crdt/old?revision={first.Revision}")).Expect(200).Text);
        Assert.Equal(first.Version(), (await server.Client.GetAsync($"/v1/crdt/old?revision={first.Revision}")).Header("KvStore-Version"));
        Assert.Equal("\"not old\"", (await server.Client.GetAsync($"/v1/crdt/old?consistency=local&min_revision={second.Revision}")).Expect(200).Text);
        (await server.Client.GetAsync("/v1/crdt/old?min_revision=1000000")).ExpectProblem(503, "revision-not-reached", "min_revision");
        (await server.Client.GetAsync("/v1/crdt/old?revision=0")).ExpectProblem(404, "not-found");
    }

    // The memory for answers is charged for what is sent, and released.
    [Fact]
    public async Task Get_Large_IsSentWhole()
    {
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(number => (char)('a' + (number % 26))));
        (await server.ChangeAsync("large?type=text", $"{{\"edits\":[{{\"at\":0,\"insert\":\"{text}{text}\"}}]}}")).Expect(201);
        Assert.Equal($"\"{text}{text}\"", await server.ReadAsync("large"));
        Assert.Equal(text + text, ((TextReplica)await server.LoadAsync("large")).GetText());
        await Soon.UntilAsync(() => server.Store.Memory.Answers.Bytes == 0);
    }
}
