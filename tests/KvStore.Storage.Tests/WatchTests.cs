
namespace KvStore.Storage.Tests;

/// <summary>What watchers of a store on disk may hear, and when.</summary>
public class WatchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_FlushPending_IsSilent()
    {
        var disk = new FakeDisk(new Random(1));
        var options = new DiskLogOptions { Directory = "/fake", ReserveBytes = 64 };
        await using var store = await Stores.StartAsync(new DiskCommitLog(disk.Start(), options, TimeProvider.System, _ => { }, action => action()));
        await store.CommitAsync(Some.Put("k", "before"));
        using var watcher = store.TryWatch(WatchFilter.OfPrefix([]), store.Latest.Revision)!;
        using var flushing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        disk.Before = (operation, _) =>
        {
            if (operation != DiskOperation.Flush)
                return;
            flushing.Set();
            goOn.Wait(Token);
        };
        var writing = Task.Run(() => store.SubmitAsync(Some.Transaction(Some.Put("k", "after"))), Token);
        var reading = watcher.ReadAsync(Timeout.InfiniteTimeSpan, Token).AsTask();
        flushing.Wait(Token);

        Assert.Equal("before", (await store.ReadAsync(Token))!.Text("k"));
        Assert.False(reading.IsCompleted);
        Assert.False(writing.IsCompleted);
        disk.Before = (_, _) => { };
        goOn.Set();
        Assert.Equal(WatchState.Changed, await reading.Within());
        Assert.Equal("after", Assert.Single(watcher.Commits).Changes[0].Current.Text());
        Assert.IsType<Outcome.Committed>(await writing.Within());
    }
}
