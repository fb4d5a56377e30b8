namespace KvStore.Tests;

public class TransactionQueueTests
{
    // T1 (owner): takes the last transaction of a caller and looks for more. T2 (sweeper): admits one at the same time. Without
    // a wake-up, it stays in the queue until the next caller comes.
    [Fact]
    public async Task TryAdmitInternal_OwnerIsAboutToWait_IsTaken()
    {
        const int Rounds = 60_000;
        var queue = new TransactionQueue(new StoreOptions());
        var owner = Task.Run(OwnAsync, TestContext.Current.CancellationToken);
        var (started, admitted) = (-1, -1);
        var caller = Task.Run(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    while (Volatile.Read(ref started) != round)
                        Thread.SpinWait(1);
                    Assert.True(queue.TryAdmit(New()));
                    Volatile.Write(ref admitted, round);
                }
            },
            TestContext.Current.CancellationToken);

        for (var round = 0; round < Rounds; round++)
        {
            var pending = New();
            Volatile.Write(ref started, round);
            Thread.SpinWait(round % 100);
            Assert.True(queue.TryAdmitInternal(pending));
            Assert.True(SpinWait.SpinUntil(() => pending.Task.IsCompleted && Volatile.Read(ref admitted) == round, TimeSpan.FromSeconds(20)), $"Round {round}: it is still in the queue.");
        }

        await caller.Within();
        queue.Close();
        await owner.Within();

        async Task OwnAsync()
        {
            var batch = new List<PendingTransaction>();
            while (await queue.WaitAsync())
            {
                while (queue.TryTake(batch))
                    batch.ForEach(pending => pending.SetResult(Outcome.Unknown.Instance));
            }
        }

        static PendingTransaction New() => new(new Transaction([], []));
    }
}
