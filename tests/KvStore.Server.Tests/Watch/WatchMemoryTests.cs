namespace KvStore.Server.Tests;

/// <summary>What watchers that do not read keep in memory.</summary>
public sealed class WatchMemoryTests
{
    // The history keeps hardly anything, and each commit is large and for one of them alone.
    [Fact]
    public async Task Watch_ManyDoNotRead_StayInAccountAndOthersGoOn()
    {
        const int Watchers = 40;
        await using var server = await KvServer.StartAsync(("WatchesBytesMax", "4MiB"), ("HistoryCommitsMax", "2"), ("SendBufferBytes", "16KiB"), ("WatchBookmarkInterval", "01:00:00"));
        var account = server.Store.Memory.Watches;
        using var quick = await EventStream.OpenAsync(server.Address, "?key=small");
        var slow = new List<RawConnection>();
        for (var i = 0; i < Watchers; i++)
        {
            slow.Add(await server.SendAsync($"GET /v1/watch?key=k{i} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            Assert.Equal(200, (await slow[i].ReadHeadAsync()).Status);
        }

        for (var i = 0; i < Watchers; i++)
        {
            await server.CommitAsync(Some.Put($"k{i}", new string('v', 1_000_000)));
            var revision = await server.CommitAsync(Some.Put("small", "1"));
            Assert.Equal(revision, (await quick.NextAsync("change")).Revision);
        }

        // Those that do not fit are closed.
        await Soon.UntilAsync(() => account.Refusals > 0 && server.Store.Watchers < Watchers / 2);
        Assert.InRange(account.PeakBytes, 1_000_000, account.BytesMax);
        Assert.InRange(account.Bytes, 1_000_000, account.BytesMax);

        slow.ForEach(connection => connection.Reset());
        await server.WatchersAsync(1);

        // The events of the small key stay for a while after their last reader, and each of the others had a megabyte.
        await Soon.UntilAsync(() => account.Bytes < 100_000);
        quick.Dispose();
        await server.WatchersAsync(0);
        await Soon.UntilAsync(() => account.Bytes == 0);
    }

    [Fact]
    public async Task Watch_Initial_CopyIsChargedUntilSent()
    {
        await using var server = await KvServer.StartAsync();
        await server.CommitAsync(Some.Put("a", new string('v', 10_000)));
        using (var stream = await EventStream.OpenAsync(server.Address, "?prefix=&initial=true"))
        {
            await stream.NextAsync("entry");
            await stream.NextAsync("synced");
        }

        Assert.InRange(server.Store.Memory.Watches.PeakBytes, 10_000, 11_000);
        await Soon.UntilAsync(() => server.Store.Memory.Watches.Bytes == 0);
    }
}
