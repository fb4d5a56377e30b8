using System.Globalization;

namespace KvStore.Tests;

public class ConcurrentWriterTests
{
    [Fact]
    public async Task SubmitAsync_5000WritersWith10WritesEach_AreReadable()
    {
        const int Writers = 5_000, Writes = 10;
        await using var store = await Stores.StartAsync();
        var revisions = new long[Writers][];

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            revisions[writer] = new long[Writes];
            for (var i = 0; i < Writes; i++)
            {
                var key = Some.Key($"{writer}/{i}");
                var committed = await store.CommitAsync(new Put(key, Some.Bytes($"{writer}.{i}"), "text/plain"));
                var entry = store.Latest.Find(key);
                Assert.Equal($"{writer}.{i}", entry.Text());
                Assert.Equal(committed.Revision, entry!.Value.Revision);
                revisions[writer][i] = committed.Revision;
            }
        }))).Within();

        Assert.Equal(Writers * Writes, store.Latest.Count);
        Assert.Equal(Writers * Writes, store.Latest.Scan(Some.Everything).Count());
        Assert.All(revisions, own => Assert.Equal(own.Order(), own));
        Assert.Equal(Writers * Writes, revisions.SelectMany(own => own).Distinct().Count());
        Assert.Equal(0, store.QueuedBytes);
    }

    [Fact]
    public async Task LostUpdate_GuardedCounter_IsExact()
    {
        const int Writers = 64, Increments = 30;
        await using var store = await Stores.StartAsync();
        var key = Some.Key("counter");
        await store.CommitAsync(new Put(key, "0"u8.ToArray(), "text/plain"));
        var winners = new List<long>[Writers];
        var losses = 0;

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            winners[writer] = [];
            while (winners[writer].Count < Increments)
            {
                var entry = store.Latest.Find(key)!.Value;
                var next = (int.Parse(entry.Text(), CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);

                // Otherwise each may come to its end before the next one begins.
                await Task.Yield();
                var outcome = await store.SubmitAsync(
                    Some.Transaction(Guard.RevisionIn(key, entry.Revision), new Put(key, Some.Bytes(next), "text/plain"))).Within();
                if (outcome is Outcome.Committed committed)
                    winners[writer].Add(committed.Revision);
                else
                    Assert.True(Assert.IsType<Outcome.GuardsFailed>(outcome).Failed.Length == 1 && Interlocked.Increment(ref losses) > 0);
            }
        }))).Within();

        Assert.Equal($"{Writers * Increments}", store.Latest.Find(key).Text());
        Assert.Equal(Writers * Increments + 1, store.Latest.Find(key)!.Value.Version);
        Assert.Equal(Writers * Increments, winners.SelectMany(own => own).Distinct().Count());
        Assert.True(losses > 0, "No write failed, so nothing was contended.");
    }

    [Fact]
    public async Task SubmitAsync_64CreatorsOfOneKey_ExactlyOneWins()
    {
        await using var store = await Stores.StartAsync();
        for (var round = 0; round < 50; round++)
        {
            var key = Some.Key($"k{round}");
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(writer => Task.Run(() => store.SubmitAsync(
                Some.Transaction(Guard.Absent(key), new Put(key, Some.Bytes($"{writer}"), "text/plain")))))).Within();

            var winner = Assert.Single(outcomes.OfType<Outcome.Committed>());
            Assert.Equal(63, outcomes.OfType<Outcome.GuardsFailed>().Count(failed => failed.Failed[0].Current!.Value.Revision == winner.Revision));
            Assert.Equal(winner.Revision, store.Latest.Find(key)!.Value.Revision);
        }
    }
}
