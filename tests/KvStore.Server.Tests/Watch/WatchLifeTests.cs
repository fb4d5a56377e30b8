namespace KvStore.Server.Tests;

/// <summary>Watches that are silent, slow, left, or ended.</summary>
public sealed class WatchLifeTests
{
    private static readonly (string, string) ShortSilence = ("WatchBookmarkInterval", "00:00:00.1000000");

    [Fact]
    public async Task Watch_Silence_SendsBookmarks()
    {
        await using var server = await KvServer.StartAsync(ShortSilence);
        using var stream = await EventStream.OpenAsync(server.Address, "?key=k");
        var first = await stream.NextAsync("bookmark");
        Assert.Equal((0, $"{server.Store.Id}.0"), (first.Revision, first.Id));
        var other = await server.CommitAsync(Some.Put("other"));
        ServerSentEvent bookmark;
        do
            bookmark = await stream.NextAsync("bookmark");
        while (bookmark.Revision < other);
        Assert.Equal((other, $"{server.Store.Id}.{other}"), (bookmark.Revision, bookmark.Id));

        using var resumed = await EventStream.OpenAsync(server.Address, "?key=k", bookmark.Id);
        var own = await server.CommitAsync(Some.Put("k"));
        ServerSentEvent? next;
        do
            next = await resumed.NextOrEndAsync();
        while (next is { Name: "" or "bookmark" });
        Assert.Equal(("change", own), (next?.Name, next?.Revision));
    }

    // Escapes make it six times as large, more than what watchers of the same keys share.
    [Fact]
    public async Task Watch_LargeCommit_IsSentInPieces()
    {
        await using var server = await KvServer.StartAsync();
        using var all = await EventStream.OpenAsync(server.Address, "?prefix=");
        using var also = await EventStream.OpenAsync(server.Address, "?prefix=");
        using var one = await EventStream.OpenAsync(server.Address, "?key=a");
        using var keys = await EventStream.OpenAsync(server.Address, "?prefix=&values=false");
        var value = new string('\u0001', 300_000);
        await server.CommitAsync(Some.Put("a", value), Some.Put("b", value));
        foreach (var stream in new[] { all, also })
        {
            var changes = (await stream.NextAsync("change")).Json.GetProperty("changes").EnumerateArray().ToArray();
            Assert.Equal(["a", "b"], changes.Select(change => change.GetProperty("key").GetString()));
            Assert.All(changes, change => Assert.Equal(value, change.GetProperty("text").GetString()));
        }

        Assert.Equal(value, Assert.Single((await one.NextAsync("change")).Json.GetProperty("changes").EnumerateArray()).GetProperty("text").GetString());
        Assert.Equal(2, (await keys.NextAsync("change")).Json.GetProperty("changes").GetArrayLength());
    }

    [Fact]
    public async Task Watch_SlowClient_GetsGoneThenEnd()
    {
        await using var server = await KvServer.StartAsync(("HistoryCommitsMax", "10"));
        using var slow = await EventStream.OpenAsync(server.Address, "?prefix=");
        using var quick = await EventStream.OpenAsync(server.Address, "?prefix=");
        var value = new string('v', 1 << 20);
        for (var i = 1; i <= 40; i++)
        {
            await server.CommitAsync(Some.Put("k", value));
            Assert.Equal(i, (await quick.NextAsync("change")).Revision);
        }

        var revision = 0L;
        for (var next = await slow.NextOrEndAsync(); next is not null; next = await slow.NextOrEndAsync())
        {
            if (next.Name == "change")
                Assert.Equal(++revision, next.Revision);
            if (next.Name != "gone")
                continue;
            Assert.Equal((null, 30), (next.Id, next.Json.GetProperty("oldest_revision").GetInt64()));
            Assert.Null(await slow.NextOrEndAsync());
            Assert.InRange(revision, 1, 29);
            return;
        }

        Assert.Fail("The stream ended without the event gone.");
    }

    // He is sent no more than the connection takes, however much there is: it would gather in memory.
    [Fact]
    public async Task Watch_ClientFarBehindDoesNotRead_BuffersOneBatch()
    {
        const int Commits = 40;
        await using var server = await KvServer.StartAsync(("HistoryCommitsMax", $"{Commits}"));
        var value = new string('v', 1 << 20);
        for (var i = 0; i < Commits; i++)
            await server.CommitAsync(Some.Put("k", value));
        using var slow = await EventStream.OpenAsync(server.Address, "?prefix=&after=0");
        for (var i = 0; i < Commits; i++)
            await server.CommitAsync(Some.Put("k"));

        ServerSentEvent next;
        var revision = 0L;
        while ((next = (await slow.NextOrEndAsync())!).Name is "" or "change")
            revision = next.Name == "" ? revision : next.Revision;
        Assert.Equal("gone", next.Name);
        Assert.InRange(revision, 1, Commits - 1);
    }

    // A client that resumes from an early bookmark would miss changes. So many others are notified first that its wake slot comes after some silence.
    [Fact]
    public async Task Watch_BookmarksBeforeWakeSlot_AreNotAhead()
    {
        const int Others = 3_000;
        await using var server = await KvServer.StartAsync(ShortSilence);
        var others = Enumerable.Range(0, Others).Select(_ => server.Store.TryWatch(WatchFilter.OfPrefix([]), 0)!).ToArray();
        using var stream = await EventStream.OpenAsync(server.Address, "?prefix=");
        for (var revision = 1; revision <= 3; revision++)
        {
            await stream.NextAsync("bookmark");
            await server.CommitAsync(Some.Put("k"));
            ServerSentEvent next;
            while ((next = (await stream.NextOrEndAsync())!).Name == "bookmark")
                Assert.Equal(revision - 1, next.Revision);
            Assert.Equal(("change", revision), (next.Name, next.Revision));
            foreach (var other in others)
                other.Read();
        }
    }

    // etcd #19509: writing after the response had ended took the process down.
    [Fact]
    public async Task Watch_ClientsDisconnect_AreRemoved()
    {
        await using var server = await KvServer.StartAsync(("WatchBookmarkInterval", "01:00:00"));
        using var staying = await EventStream.OpenAsync(server.Address, "?prefix=");
        using var end = new CancellationTokenSource();

        // Few enough unread ones that the history keeps them.
        using var unread = new SemaphoreSlim(1000);
        var (writing, reading) = (WriteAsync(), ReadAsync());
        for (var i = 0; i < 200; i++)
        {
            using var raw = await server.ConnectAsync();
            await raw.SendAsync($"GET /v1/watch?prefix=&initial={(i % 2 == 0 ? "true" : "false")} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            raw.Reset();
            if (i % 3 == 0)
                await server.Client.GetAsync("/livez");
        }

        await end.CancelAsync();
        await writing;
        await reading;
        await server.WatchersAsync(1);
        Assert.Equal(StoreState.Running, server.Store.State);

        async Task WriteAsync()
        {
            while (!end.IsCancellationRequested)
            {
                await unread.WaitAsync(TestContext.Current.CancellationToken);
                await server.CommitAsync(Some.Put("k", new string('v', 2_000)));
            }

            await server.CommitAsync(Some.Put("last"));
        }

        // At once, because a client that does not read for long is disconnected.
        async Task ReadAsync()
        {
            ServerSentEvent change;
            var revision = 0L;
            do
            {
                change = await staying.NextAsync("change");
                Assert.Equal(++revision, change.Revision);
                unread.Release();
            }
            while (!change.Changes.Contains("put last"));
        }
    }

    [Fact]
    public async Task Stop_OpenWatches_EndRegularly()
    {
        var server = await KvServer.StartAsync();
        var streams = new List<EventStream>();
        for (var i = 0; i < 20; i++)
            streams.Add(await EventStream.OpenAsync(server.Address, "?prefix="));
        await server.CommitAsync(Some.Put("k"));
        foreach (var stream in streams)
            await stream.NextAsync("change");

        var id = $"{server.Store.Id}.1";
        var stopping = server.DisposeAsync().AsTask();
        foreach (var stream in streams)
        {
            var last = await stream.NextAsync("reconnect");
            Assert.Equal((1, id), (last.Revision, last.Id));
            Assert.Null(await stream.NextOrEndAsync());
            stream.Dispose();
        }

        await stopping;
    }
}
