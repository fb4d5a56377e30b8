namespace KvStore.Client.Tests;

/// <summary>Values that JSON carries, and values that were not asked for.</summary>
public sealed class ValueTests
{
    private const string Null = """{"key":"a","revision":3,"created_revision":3,"version":1,"content_type":"application/json","size":4,"json":null}""";
    private const string NoValue = """{"key":"b","revision":4,"created_revision":4,"version":1,"content_type":"text/plain","size":0}""";
    private const string Empty = """{"key":"c","revision":5,"created_revision":5,"version":1,"content_type":"text/plain","size":0,"text":""}""";

    [Fact]
    public async Task List_JsonNull_IsAValue()
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, $$"""{"revision":7,"items":[{{Null}},{{Empty}}]}"""));
        using var client = Clients.ClientOf(server);
        var entries = await client.ListAsync(withValues: true, cancellationToken: Clients.Token).ToListAsync(Clients.Token);
        Assert.Equal(["null", ""], entries.Select(entry => entry.Text));
        var many = await client.GetManyAsync(["a"], cancellationToken: Clients.Token);
        Assert.Equal("null", many["a"].Text);
        Assert.Equal("00000000000000aa.3", many["a"].Revision.ToString());
    }

    [Fact]
    public async Task Transact_JsonNull_IsAValue()
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, $$"""{"revision":7,"results":[{"get":{{Null}}},{"get":null}]}"""));
        using var client = Clients.ClientOf(server);
        var result = await client.TransactAsync(new KvTransaction().Get("a").Get("b"), Clients.Token);
        Assert.Equal(["null", null], result.Reads.Select(entry => entry?.Text));
    }

    [Fact]
    public async Task Watch_JsonNull_IsAValue()
    {
        var put = Null.Insert(1, "\"type\":\"put\",");
        await using var server = ScriptedServer.Always(Answers.Stream(
            Answers.Event("entry", Null) + Answers.Event("synced", """{"revision":7}""") + Answers.Event("change", $$"""{"revision":8,"changes":[{{put}}]}""")));
        using var client = Clients.ClientOf(server);
        var events = await client.WatchPrefixAsync("", new KvWatchOptions { IsInitial = true }, Clients.Token).Take(4).ToListAsync(Clients.Token);
        Assert.Equal("null", Assert.IsType<KvWatchEvent.Entry>(events[1]).Value.Text);
        Assert.Equal("null", Assert.IsType<KvWatchEvent.Changed>(events[3]).Changes[0].Entry!.Text);
    }

    [Fact]
    public async Task List_WithoutValues_HasNone()
    {
        await using var server = ScriptedServer.Always(Answers.Of(200, $$"""{"revision":7,"items":[{{NoValue}}]}"""));
        using var client = Clients.ClientOf(server);
        var entry = await client.ListAsync(cancellationToken: Clients.Token).SingleAsync(Clients.Token);
        Assert.False(entry.HasValue);
        Assert.Contains("withValues", Assert.Throws<InvalidOperationException>(() => entry.Text).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
        Assert.Throws<InvalidOperationException>(() => entry.As(Wire.Default.WireItem));
        Assert.Contains("Key = b", entry.ToString(), StringComparison.Ordinal);
        Assert.Equal(entry, entry with { });
    }
}
