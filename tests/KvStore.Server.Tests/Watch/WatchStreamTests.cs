using System.Runtime.CompilerServices;

namespace KvStore.Server.Tests;

/// <summary>What comes over a watch that has begun.</summary>
public sealed class WatchStreamTests(KvServer server) : IClassFixture<KvServer>
{
    [Fact]
    public async Task Watch_Begins_SendsPosition()
    {
        using var stream = await EventStream.OpenAsync(server.Address, "?key=begins");
        Assert.Equal(200, (int)stream.Status);
        Assert.Equal("text/event-stream", stream.Header("Content-Type"));
        Assert.Equal("no-store", stream.Header("Cache-Control"));
        Assert.Equal("nosniff", stream.Header("X-Content-Type-Options"));
        Assert.Equal("no", stream.Header("X-Accel-Buffering"));
        Assert.Equal(new ServerSentEvent("", null, $"watching after revision {stream.StoreRevision}"), await stream.NextOrEndAsync());
    }

    [Fact]
    public async Task Watch_KeyPrefixAndAll_GetTheirChanges()
    {
        await using var own = await KvServer.StartAsync();
        using var key = await EventStream.OpenAsync(own.Address, "?key=a%2Fb");
        using var prefix = await EventStream.OpenAsync(own.Address, "?prefix=a/");
        using var every = await EventStream.OpenAsync(own.Address, "?prefix=");
        (await own.Client.PutAsync("/v1/kv/a/b", "1", ("Content-Type", "text/plain"))).Expect(201);
        (await own.Client.PutAsync("/v1/kv/a/bc", "2")).Expect(201);
        (await own.Client.PutAsync("/v1/kv/a", "3")).Expect(201);
        var together = await own.CommitAsync(Some.Put("b"), Some.Put("a/c"), Some.Delete("a/b"), Some.Delete("absent"));

        Assert.Equal(["put a/b"], (await key.NextAsync("change")).Changes);
        Assert.Equal(["delete a/b"], (await key.NextAsync("change")).Changes);
        Assert.Equal(["put a/b"], (await prefix.NextAsync("change")).Changes);
        Assert.Equal(["put a/bc"], (await prefix.NextAsync("change")).Changes);
        Assert.Equal(["put a/c", "delete a/b"], (await prefix.NextAsync("change")).Changes);
        for (var i = 1; i <= 3; i++)
            Assert.Equal(i, (await every.NextAsync("change")).Revision);
        var last = await every.NextAsync("change");
        Assert.Equal((together, $"{own.Store.Id}.{together}"), (last.Revision, last.Id));
        Assert.Equal(["put b", "put a/c", "delete a/b"], last.Changes);
    }

    [Fact]
    public async Task Watch_LastEventIdOrAfter_ResumesAfterIt()
    {
        await using var own = await KvServer.StartAsync();
        for (var i = 1; i <= 5; i++)
            await own.CommitAsync(Some.Put("k", $"{i}"));
        var three = $"{own.Store.Id}.3";
        foreach (var (query, id) in new[] { ("?key=k&after=3", null), ($"?key=k&after={three}", null), ("?key=k&after=1", three), ("?key=k&initial=true", three), ("?key=k", "3"), ("?key=k&after=3", "") })
        {
            using var stream = await EventStream.OpenAsync(own.Address, query, id);
            foreach (var text in new[] { "4", "5" })
            {
                var change = await stream.NextAsync("change");
                Assert.Equal(($"{own.Store.Id}.{text}", text), (change.Id, change.Json.GetProperty("changes")[0].GetProperty("text").GetString()));
            }
        }
    }

    [Fact]
    public async Task Watch_Initial_SendsEntriesThenSyncedThenChanges()
    {
        await using var own = await KvServer.StartAsync();
        await own.CommitAsync(Some.Put("a/1"), Some.Put("a/2"), Some.Put("b"));
        await own.CommitAsync(Some.Put("a/2", "new"));
        await own.CommitAsync(Some.Delete("a/1"));

        using var latest = await EventStream.OpenAsync(own.Address, "?prefix=a/&initial=true");
        Assert.Equal((3, "new"), (latest.StoreRevision, await EntryAsync(latest, "a/2")));
        var synced = await latest.NextAsync("synced");
        Assert.Equal((3, $"{own.Store.Id}.3"), (synced.Revision, synced.Id));

        using var none = await EventStream.OpenAsync(own.Address, "?key=absent&initial=true");
        Assert.Equal(3, (await none.NextAsync("synced")).Revision);
        await own.CommitAsync(Some.Put("absent"));
        Assert.Equal(4, (await none.NextAsync("change")).Revision);

        static async Task<string?> EntryAsync(EventStream stream, string key)
        {
            var entry = await stream.NextAsync("entry");
            Assert.Equal((null, key), (entry.Id, entry.Json.GetProperty("key").GetString()));
            return entry.Json.GetProperty("text").GetString();
        }
    }

    [Fact]
    public async Task Watch_NoValues_HasOtherMembers()
    {
        using var stream = await EventStream.OpenAsync(server.Address, "?key=without&values=false&initial=true");
        await stream.NextAsync("synced");
        var revision = await server.CommitAsync(Some.Put("without", "12345"));
        var change = (await stream.NextAsync("change")).Json.GetProperty("changes")[0];
        Assert.Equal(["type", "key", "revision", "created_revision", "version", "content_type", "size", "modified_at"], change.EnumerateObject().Select(member => member.Name));
        Assert.Equal((revision, 5), (change.GetProperty("revision").GetInt64(), change.GetProperty("size").GetInt32()));
    }

    // What they get is made once for all who watch the same.
    [Fact]
    public async Task Watch_WithAndWithoutValues_GetTheirForm()
    {
        using var with = await EventStream.OpenAsync(server.Address, "?key=both");
        using var without = await EventStream.OpenAsync(server.Address, "?key=both&values=false");
        for (var i = 0; i < 20; i++)
        {
            await server.CommitAsync(Some.Put("both", $"{i}"));
            var changes = new[] { await with.NextAsync("change"), await without.NextAsync("change") }.Select(change => change.Json.GetProperty("changes")[0]).ToArray();
            Assert.Equal($"{i}", changes[0].GetProperty("text").GetString());
            Assert.False(changes[1].TryGetProperty("text", out _));
        }
    }

    [Theory]
    [InlineData("{\n\"a\" :\r\n[1,\r2],\n\n\"b\": \"\\n\"}", "application/json", "json")]
    [InlineData("one\ntwo\r\nthree\r\rdata: four\n\n", "text/plain", "text")]
    [InlineData("a\u2028b\u0085c\n", "text/plain; charset=utf-8", "text")]
    [InlineData("not json\n\n", "application/json", "text")]
    [InlineData("latin1\n", "text/plain; charset=latin1", "base64")]
    public async Task Watch_LineBreaks_RoundTrip(string value, string contentType, string member)
    {
        using var stream = await EventStream.OpenAsync(server.Address, "?key=breaks");
        await server.CommitAsync(Some.Put("breaks", value, contentType: contentType));
        var sent = (await stream.NextAsync("change")).Json.GetProperty("changes")[0].GetProperty(member);
        if (member == "json")
            Assert.Equal("[1,2]", sent.GetProperty("a").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        else
            Assert.Equal(value, member == "text" ? sent.GetString() : System.Text.Encoding.UTF8.GetString(sent.GetBytesFromBase64()));
    }

    [Theory]
    [InlineData("text/plain", "text")]
    [InlineData("text/plain; charset=latin1", "base64")]
    public async Task Watch_LargestValue_RoundTrips(string contentType, string member)
    {
        var value = string.Create(1 << 20, Seed.NewRandom(), static (text, random) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = (char)random.Next(' ', '~');
        });
        using var stream = await EventStream.OpenAsync(server.Address, $"?key=large/{member}");
        (await server.Client.PutAsync($"/v1/kv/large/{member}", value, ("Content-Type", contentType))).Expect(201);
        var sent = (await stream.NextAsync("change")).Json.GetProperty("changes")[0].GetProperty(member);
        Assert.True(value == (member == "text" ? sent.GetString() : System.Text.Encoding.UTF8.GetString(sent.GetBytesFromBase64())));
    }

    [Fact]
    public async Task Watch_EntryExpires_SendsExpire()
    {
        using var stream = await EventStream.OpenAsync(server.Address, "?key=expires");
        await server.CommitAsync(Some.Put("expires", expiresAt: TimeProvider.System.GetUtcNow().AddMilliseconds(50)));
        Assert.True((await stream.NextAsync("change")).Json.GetProperty("changes")[0].TryGetProperty("expires_at", out _));
        Assert.Equal(["expire expires"], (await stream.NextAsync("change")).Changes);
    }

    [Fact]
    public async Task Watch_StoreRecords_AreHidden()
    {
        await using var own = await KvServer.StartAsync();
        using var every = await EventStream.OpenAsync(own.Address, "?prefix=&initial=true");
        await every.NextAsync("synced");
        var transaction = new Transaction([], [Some.Put("k")])
        {
            Idempotency = new Idempotency("key"u8, new byte[1], TimeSpan.FromHours(1), 1000),
        };
        Assert.IsType<Outcome.Committed>(await own.Store.SubmitAsync(transaction));
        Assert.Equal(["put k"], (await every.NextAsync("change")).Changes);
        using var initial = await EventStream.OpenAsync(own.Address, "?prefix=&initial=true");
        Assert.Equal("k", (await initial.NextAsync("entry")).Json.GetProperty("key").GetString());
        await initial.NextAsync("synced");
    }

    [Fact]
    public async Task Watch_InitialSent_ReleasesSnapshot()
    {
        await using var own = await KvServer.StartAsync();
        await own.CommitAsync(Some.Put("k"));
        using var stream = await EventStream.OpenAsync(own.Address, "?prefix=&initial=true");
        await stream.NextAsync("entry");
        await stream.NextAsync("synced");
        var state = LatestOf(own.Store);
        for (var i = 0; i < 3; i++)
        {
            await own.CommitAsync(Some.Put("k"));
            await stream.NextAsync("change");
        }

        for (var i = 0; i < 50 && state.IsAlive; i++)
        {
            GC.Collect();
            await Task.Yield();
        }

        Assert.False(state.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference LatestOf(Store store) => new(store.Latest);
}
