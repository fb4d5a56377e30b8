namespace KvStore.Tests;

public class ReachTests
{
    // A lost wake-up would leave the waiter waiting: nothing else is published until it has answered.
    [Fact]
    public async Task WaitForRevisionAsync_RacesWithPublication_Completes()
    {
        const int Rounds = 20_000;
        var publisher = new SnapshotPublisher(new StoreOptions { HistoryCommitsMax = 1 }, TimeProvider.System);
        using var turn = new SemaphoreSlim(0);
        var key = Some.Key("k");

        var writer = Task.Run(
            () =>
            {
                Entry? previous = null;
                for (var revision = 1L; revision <= Rounds; revision++)
                {
                    Assert.True(turn.Wait(TimeSpan.FromSeconds(20)), $"The waiter for {revision - 1} was never woken.");
                    var current = Entry.Create(key, default, "text/plain", 1, revision, revision, 0);
                    publisher.Apply([new Commit(revision, [new EntryChange(previous, current)])]);
                    previous = current;
                }
            },
            TestContext.Current.CancellationToken);

        for (var revision = 1L; revision <= Rounds; revision++)
        {
            turn.Release();
            if (revision % 3 == 0)
                Thread.SpinWait((int)(revision % 50));
            var snapshot = await publisher.WaitForRevisionAsync(revision, TestContext.Current.CancellationToken).AsTask().Within();
            Assert.Equal(revision, snapshot.Revision);
        }

        await writer.Within();
    }

    [Fact]
    public async Task WaitForRevisionAsync_ManyWaiters_AllComplete()
    {
        await using var store = await Stores.StartAsync();
        var publisherReads = Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var committed = await store.CommitAsync(Some.Put("k"));
                var snapshot = await store.ReadAsync(TestContext.Current.CancellationToken);
                Assert.True(snapshot?.Revision >= committed.Revision);
            }
        }));

        await Task.WhenAll(publisherReads).Within();
        Assert.Equal(4_000, store.Latest.Find(Some.Key("k"))!.Value.Version);
    }

    [Fact]
    public async Task ReadAsync_LateDelivery_SeesAcknowledgedWrites()
    {
        await using var log = new SharingLog(TimeProvider.System);
        var publisher = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        await log.FollowAsync(publisher, TestContext.Current.CancellationToken);
        for (var i = 0; i < 2_000; i++)
        {
            var outcomes = await log.CommitAsync([Some.Transaction(Some.Put("k", $"{i}"))], TestContext.Current.CancellationToken);
            var barrier = Assert.NotNull(await log.BarrierAsync(TestContext.Current.CancellationToken));
            var snapshot = await publisher.WaitForRevisionAsync(barrier, TestContext.Current.CancellationToken).AsTask().Within();

            Assert.True(snapshot.Revision >= ((Outcome.Committed)outcomes[0]).Revision);
            Assert.Equal($"{i}", snapshot.Text("k"));
        }
    }
}
