namespace KvStore.Etcd.Tests;

/// <summary>Replicas that evaluate the same records come to the same state, whatever else differs between them.</summary>
public sealed class DeterminismTests
{
    private const int Records = 120;

    [Fact]
    public Task Evaluate_SameRecords_SameOutcomesAndStates() => Seed.ForEachAsync(15, seed =>
    {
        var random = new Random(seed);
        var transactions = new RandomTransactions(random);
        var writer = new Replica();
        var start = new Replica();
        var image = new Replica();
        var full = new Replica(new StoreOptions { EntriesBytesMax = 1, IdempotencyBytesMax = 1 });
        var late = new Replica(new StoreOptions { HistoryCommitsMax = 1 }, new FakeTimeProvider(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        var imageAt = random.Next(Records);

        // A merge patch is prepared for a state that may be over when its record is evaluated.
        var submitted = new Queue<Transaction>();
        for (var i = 0; i < Records; i++)
        {
            for (var j = random.Next(6); j >= 0; j--)
                submitted.Enqueue(transactions.Next(writer.Latest));
            if (i % 40 == 20)
                submitted.Enqueue(RandomTransactions.Many());
            if (i % 40 == 30)
                submitted.Enqueue(RandomTransactions.DeleteMany());
            Transaction[] batch = [.. Enumerable.Range(0, random.Next(submitted.Count)).Select(_ => submitted.Dequeue())];
            var now = RandomTransactions.Now + random.Next(-5_000, 5_000);
            var limits = transactions.NextLimits() with { Now = now };
            var record = RecordCodec.Encode(batch, now, limits);

            var expected = writer.Evaluate(batch, limits);
            Assert.Equal(expected, start.Evaluate(record));
            Assert.Equal(expected, full.Evaluate(record));
            Assert.Equal(expected, late.Evaluate(record));
            if (i > imageAt)
                Assert.Equal(expected, image.Evaluate(record));
            else if (i == imageAt)
                image.Load(start, random.Next(1, 20_000));
        }

        Assert.All([start, image, full, late], replica => Assert.Equal(writer.DescribeState(), replica.DescribeState()));
        return Task.CompletedTask;
    });
}
