namespace KvStore.Server.Tests;

/// <summary>Bodies and parameters that are refused, with the part that is at fault.</summary>
public sealed class IntentBodyTests(KvServer server) : IClassFixture<KvServer>
{
    [Theory]
    [InlineData("", "body")]
    [InlineData("{}", "body")]
    [InlineData("[]", "body")]
    [InlineData("{\"increment\":1", "body")]
    [InlineData("{\"increment\":1} x", "body")]
    [InlineData("{\"increment\":1.5}", "increment")]
    [InlineData("{\"increment\":\"1\"}", "increment")]
    [InlineData("{\"increment\":9223372036854775808}", "increment")]
    [InlineData("{\"increment\":1,\"increment\":1}", "increment")]
    [InlineData("{\"increment\":1,\"add\":[\"a\"]}", "body")]
    [InlineData("{\"increments\":1}", "increments")]
    [InlineData("{\"add\":\"a\"}", "add")]
    [InlineData("{\"add\":[\"a\",1]}", "add[1]")]
    [InlineData("{\"remove\":[\"\\ud800\"]}", "remove[0]")]
    [InlineData("{\"add\":[],\"add\":[]}", "add")]
    [InlineData("{\"context\":\"AAA\"}", "body")]
    [InlineData("{\"add\":[],\"context\":\"?\"}", "context")]
    [InlineData("{\"add\":[],\"base\":\"AAA\"}", "body")]
    [InlineData("{\"base\":\"AAA\"}", "body")]
    [InlineData("{\"edits\":{}}", "edits")]
    [InlineData("{\"edits\":[1]}", "edits[0]")]
    [InlineData("{\"edits\":[{\"insert\":\"a\"}]}", "edits[0].at")]
    [InlineData("{\"edits\":[{\"at\":0}]}", "edits[0].insert")]
    [InlineData("{\"edits\":[{\"at\":-1,\"insert\":\"a\"}]}", "edits[0].at")]
    [InlineData("{\"edits\":[{\"at\":0,\"delete\":-1}]}", "edits[0].delete")]
    [InlineData("{\"edits\":[{\"at\":0,\"insert\":\"\\udc00\"}]}", "edits[0].insert")]
    [InlineData("{\"edits\":[{\"at\":0,\"insert\":\"a\",\"insert\":\"b\"}]}", "edits[0].insert")]
    [InlineData("{\"edits\":[{\"at\":0,\"insert\":\"a\",\"length\":1}]}", "edits[0].length")]
    [InlineData("{\"edits\":[],\"base\":1}", "base")]
    public async Task Post_MalformedIntent_IsRejected(string body, string field) =>
        (await server.ChangeAsync("malformed?type=text", body)).ExpectProblem(400, "malformed-request", field);

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("{\"replica\":\"0123456789abcdef\"}", "body")]
    [InlineData("{\"replica\":\"1\",\"version\":\"AAA\"}", "replica")]
    [InlineData("{\"replica\":\"0123456789abcdeg\",\"version\":\"AAA\"}", "replica")]
    [InlineData("{\"version\":\"AA\"}", "version")]
    [InlineData("{\"version\":7}", "version")]
    [InlineData("{\"delta\":\"A\"}", "delta")]
    [InlineData("{\"delta\":\"AQ= \"}", "delta")]
    [InlineData("{\"delta\":\"AQ==\",\"delta\":\"AQ==\"}", "delta")]
    [InlineData("{\"increment\":1}", "increment")]
    public async Task Post_MalformedReplicaBody_IsRejected(string body, string field) =>
        (await server.SendAsync("malformed?type=text", body)).ExpectProblem(400, "malformed-request", field);

    [Fact]
    public async Task Post_TooManyItems_IsRejected()
    {
        (await server.ChangeAsync("many?type=g-set", $"{{\"add\":[{string.Join(',', Enumerable.Repeat("\"a\"", IntentBody.ItemsMax + 1))}]}}")).ExpectProblem(400, "malformed-request", "add");
        (await server.ChangeAsync("many?type=text", $"{{\"edits\":[{string.Join(',', Enumerable.Repeat("{\"at\":0,\"insert\":\"a\"}", IntentBody.ItemsMax + 1))}]}}")).ExpectProblem(400, "malformed-request", "edits");
        (await server.ChangeAsync("many?type=g-set", $"{{\"add\":[{string.Join(',', Enumerable.Range(0, IntentBody.ItemsMax).Select(number => $"\"{number}\""))}]}}")).Expect(201);
    }

    [Fact]
    public async Task Request_BadParametersAndTypes_AreRejected()
    {
        (await server.ChangeAsync("k?type=counter", "{\"increment\":1}")).ExpectProblem(400, "malformed-request", "type");
        (await server.ChangeAsync("k?since=%3F", "{\"increment\":1}")).ExpectProblem(400, "malformed-request", "since");
        (await server.ChangeAsync("k?ttl=-1", "{\"increment\":1}")).ExpectProblem(400, "malformed-request", "ttl");
        (await server.ChangeAsync("k?watch=true", "{\"increment\":1}")).ExpectProblem(400, "malformed-request", "watch");
        (await server.SendAsync("k?since=AAA", "{\"version\":\"AAA\"}")).ExpectProblem(400, "malformed-request", "since");
        (await server.Client.PostAsync("/v1/crdt/k", "{\"increment\":1}", ("Content-Type", "text/plain"))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
        (await server.Client.GetAsync("/v1/crdt/k?since=0")).ExpectProblem(400, "malformed-request", "since");
        (await server.Client.GetAsync("/v1/crdt/k?type=text")).ExpectProblem(400, "malformed-request", "type");
        (await server.Client.GetAsync("/v1/crdt/k?watch=true&revision=0")).ExpectProblem(400, "malformed-request", "revision");
        (await server.Client.GetAsync("/v1/crdt/k?watch=true", ("If-None-Match", "*"))).ExpectProblem(400, "malformed-request", "watch");
        (await server.Client.PutAsync("/v1/crdt/k", "x")).ExpectProblem(405, "method-not-allowed");
    }
}
