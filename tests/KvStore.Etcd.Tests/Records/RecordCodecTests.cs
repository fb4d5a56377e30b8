namespace KvStore.Etcd.Tests;

public sealed class RecordCodecTests
{
    [Fact]
    public Task Decode_Encoded_EvaluatesAlike() => Seed.ForEachAsync(40, seed =>
    {
        var random = new Random(seed);
        var transactions = new RandomTransactions(random);
        var (original, decoded) = (new Replica(), new Replica());
        for (var i = 0; i < 100; i++)
        {
            Transaction[] batch = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => transactions.Next(original.Latest))];
            var now = RandomTransactions.Now + random.Next(-5_000, 5_000);
            var limits = transactions.NextLimits() with { Now = now };
            var bytes = RecordCodec.Encode(batch, now, limits);
            Assert.InRange(bytes.Length, 1, RecordCodec.HeaderBytesMax + batch.Sum(RecordCodec.SizeOf));

            var record = RecordCodec.Decode(bytes);
            Assert.Equal(limits, record.Limits);
            Assert.Equal(now, record.Now);
            Assert.Equal(batch.Select(transaction => transaction.Bytes), record.Transactions.Select(transaction => transaction.Bytes));
            Assert.Equal(bytes, RecordCodec.Encode(record.Transactions, record.Now, record.Limits));
            Assert.Equal(original.Evaluate(batch, limits), decoded.Evaluate(bytes));
        }

        Assert.Equal(original.DescribeState(), decoded.DescribeState());
        return Task.CompletedTask;
    });

    // Each evaluation stamps drafts in place.
    [Fact]
    public void Decode_Twice_SharesNoDraft()
    {
        var bytes = RecordCodec.Encode([Some.Transaction(Some.Put("k", "value"))], RandomTransactions.Now, default);
        var (first, second) = (RecordCodec.Decode(bytes), RecordCodec.Decode(bytes));
        var (one, other) = (Assert.IsType<Put>(first.Transactions[0].Operations[0]), Assert.IsType<Put>(second.Transactions[0].Operations[0]));
        Assert.False(one.Value.Span == other.Value.Span);
        Assert.Equal(new Replica().Evaluate(first.Transactions, first.Limits), new Replica().Evaluate(second.Transactions, second.Limits));
    }

    [Fact]
    public void Encode_Nothing_IsARecordThatChangesNothing()
    {
        var record = RecordCodec.Decode(RecordCodec.Encode([], RandomTransactions.Now, default));
        Assert.Empty(record.Transactions);
        Assert.Equal(RandomTransactions.Now, record.Now);
    }
}
