namespace KvStore.Server.Tests;

/// <summary>A mergeable value is an ordinary entry to reads, lists, moves, deletions and transfers; ordinary writes do not change it.</summary>
public sealed class OrdinaryWriteTests(KvServer server) : IClassFixture<KvServer>
{
    private const string MediaType = "application/vnd.kvstore.crdt";

    private static readonly string[] Exported = ["v/counter", "v/set", "v/text"];

    [Fact]
    public async Task Write_OverMergeableValue_Is409EverywhereAndChangesNothing()
    {
        var made = (await server.ChangeAsync("person/5?type=text", "{\"edits\":[{\"at\":0,\"insert\":\"kept\"}]}")).Expect(201);
        (await server.Client.PutAsync("/v1/kv/other", "x", ("Content-Type", "text/plain"))).Expect(201);
        Assert.Equal(made.ETag, (await server.Client.PutAsync("/v1/kv/person/5", "x")).ExpectProblem(409, "mergeable-value").ETag);
        (await server.Client.PatchAsync("/v1/kv/person/5", "{\"a\":1}", ("Content-Type", "application/merge-patch+json"))).ExpectProblem(409, "mergeable-value");
        (await server.Client.PostAsync("/v1/counters/person/5")).ExpectProblem(409, "mergeable-value");
        (await server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"put\":{\"key\":\"person/5\",\"json\":1}}]}")).ExpectProblem(409, "mergeable-value");
        (await server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"other\",\"to\":\"person/5\"}}]}")).ExpectProblem(409, "mergeable-value");
        (await server.Client.SendAsync("PUT", "/person/update", new StringContent("{\"id\":5,\"name\":\"Ada\"}", System.Text.Encoding.UTF8, "application/json"))).ExpectProblem(409, "mergeable-value");
        var import = (await server.Client.ImportAsync("{\"key\":\"person/5\",\"json\":1}\n{\"key\":\"imported\",\"json\":1}\n")).Expect(200).Json;
        Assert.Equal((1, 1), (import.GetProperty("imported").GetInt32(), import.GetProperty("failed").GetInt32()));
        Assert.Contains("mergeable", import.GetProperty("errors")[0].GetProperty("detail").GetString()!, StringComparison.Ordinal);
        var read = (await server.Client.GetAsync("/v1/crdt/person/5")).Expect(200);
        Assert.Equal(("\"kept\"", made.ETag), (read.Text, read.ETag));
    }

    [Fact]
    public async Task Write_OfMediaType_IsRefused()
    {
        foreach (var type in new[] { MediaType, "Application/VND.kvstore.crdt; a=b" })
        {
            (await server.Client.PutAsync("/v1/kv/forged", "x", ("Content-Type", type))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
            (await server.Client.PostAsync("/v1/kv/forged/", "x", ("Content-Type", type))).ExpectProblem(415, "unsupported-media-type", "Content-Type");
            (await server.Client.PostJsonAsync("/v1/txn", $"{{\"operations\":[{{\"put\":{{\"key\":\"forged\",\"text\":\"x\",\"content_type\":\"{type}\"}}}}]}}"))
                .ExpectProblem(415, "unsupported-media-type", "operations[0].put.content_type");
        }

        var import = (await server.Client.ImportAsync($"{{\"key\":\"forged\",\"text\":\"x\",\"content_type\":\"{MediaType}\"}}\n")).Expect(200).Json;
        Assert.Equal((0, 1), (import.GetProperty("imported").GetInt32(), import.GetProperty("failed").GetInt32()));
        (await server.Client.GetAsync("/v1/kv/forged")).Expect(404);
    }

    [Fact]
    public async Task Entry_MergeableValue_IsListedMovedAndDeleted()
    {
        var made = (await server.ChangeAsync("as-entry/a?type=or-set", "{\"add\":[\"x\"]}")).Expect(201);
        var stored = (await server.Client.GetAsync("/v1/kv/as-entry/a")).Expect(200);
        Assert.Equal((MediaType, made.ETag), (stored.ContentType, stored.ETag));
        var item = (await server.Client.GetAsync("/v1/kv?prefix=as-entry/&values=true")).Json.GetProperty("items")[0];
        Assert.Equal((MediaType, Convert.ToBase64String(stored.Body)), (item.GetProperty("content_type").GetString(), item.GetProperty("base64").GetString()));
        (await server.Client.PostJsonAsync("/v1/txn", "{\"operations\":[{\"move\":{\"from\":\"as-entry/a\",\"to\":\"as-entry/b\"}}]}")).Expect(200);
        (await server.ChangeAsync("as-entry/b", "{\"add\":[\"y\"]}")).Expect(200);
        Assert.Equal("[\"x\",\"y\"]", await server.ReadAsync("as-entry/b"));
        (await server.Client.GetAsync("/v1/crdt/as-entry/a")).ExpectProblem(404, "not-found");
        (await server.Client.DeleteAsync("/v1/kv/as-entry/b")).Expect(204);
        (await server.Client.PutAsync("/v1/kv/as-entry/b", "ordinary")).Expect(201);
    }

    [Fact]
    public async Task Import_OfExport_RestoresEveryByte()
    {
        await using var own = await KvServer.StartAsync();
        (await own.ChangeAsync("v/counter?type=pn-counter", "{\"increment\":5}")).Expect(201);
        (await own.ChangeAsync("v/set?type=or-set", "{\"add\":[\"a\",\"b\"],\"remove\":[\"c\"]}")).Expect(201);
        (await own.ChangeAsync("v/text?type=text&ttl=3600", "{\"edits\":[{\"at\":0,\"insert\":\"text\"}]}")).Expect(201);
        (await own.ChangeAsync("v/text", "{\"edits\":[{\"at\":4,\"insert\":\"!\"},{\"at\":0,\"delete\":1}]}")).Expect(200);
        (await own.Client.PutAsync("/v1/kv/v/ordinary", "x")).Expect(201);
        var exported = (await own.Client.GetAsync("/v1/export")).Expect(200).Text;
        var version = (await own.Client.GetAsync("/v1/crdt/v/text")).Header("KvStore-Version");

        var states = await StatesAsync();

        // It is there already, so that a repeated import changes nothing.
        Assert.Equal(4, (await own.Client.ImportAsync(exported)).Expect(200).Json.GetProperty("imported").GetInt32());
        (await own.Client.DeleteAsync("/v1/kv?prefix=v/")).Expect(200);
        Assert.Equal((4, 0), Of((await own.Client.ImportAsync(exported)).Expect(200)));
        Assert.Equal(states, await StatesAsync());
        Assert.Equal(("5", "[\"a\",\"b\"]", "\"ext!\""), (await own.ReadAsync("v/counter"), await own.ReadAsync("v/set"), await own.ReadAsync("v/text")));
        Assert.Equal(version, (await own.Client.GetAsync("/v1/crdt/v/text")).Header("KvStore-Version"));

        // What changed since is not replaced.
        (await own.ChangeAsync("v/counter", "{\"increment\":1}")).Expect(200);
        Assert.Equal((3, 1), Of((await own.Client.ImportAsync(exported)).Expect(200)));
        Assert.Equal("6", await own.ReadAsync("v/counter"));

        async Task<string[]> StatesAsync() =>
            [.. (await Task.WhenAll(Exported.Select(key => own.Client.GetAsync("/v1/crdt/" + key, ("Accept", MergeableCalls.DeltaType))))).Select(state => Convert.ToBase64String(state.Delta()))];

        static (int, int) Of(Response report) => (report.Json.GetProperty("imported").GetInt32(), report.Json.GetProperty("failed").GetInt32());
    }

    [Fact]
    public async Task Origin_Prefix_HasNoMergeableValues()
    {
        var options = new KvServerOptions { Services = services => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton<OpenOriginSource>(services, (_, _) => new FakeOriginSource()) };
        FakeOriginSource.AddOrigin(options.Settings, "acme", "rates/");
        options.Settings["KvStore:Origins:acme:Writes"] = "local";
        await using var own = await KvServer.StartAsync(options);
        (await own.ChangeAsync("rates/1?type=text", "{\"edits\":[]}")).ExpectProblem(409, "not-mergeable");
        (await own.ChangeAsync("elsewhere?type=text", "{\"edits\":[]}")).Expect(201);
        var line = (await own.Client.GetAsync("/v1/export?prefix=elsewhere")).Text.Replace("elsewhere", "rates/1", StringComparison.Ordinal);
        Assert.Equal(1, (await own.Client.ImportAsync(line)).Expect(200).Json.GetProperty("failed").GetInt32());
    }
}
