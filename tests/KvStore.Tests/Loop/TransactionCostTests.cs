using System.Text.Json;

namespace KvStore.Tests;

public sealed class TransactionCostTests
{
    private static readonly FakeTimeProvider Time = new();

    // Entries of every size, and each operation on each of them: what the evaluation allocates was charged before.
    [Fact]
    public void CostIn_EveryOperation_CoversWhatEvaluationAllocates()
    {
        int[] sizes = [0, 100, SharedValue.BytesMin - 1, SharedValue.BytesMin, 100_000, 1 << 20];
        var publisher = new SnapshotPublisher(new StoreOptions(), Time);
        publisher.Load(1, sizes.Select(size => Entry.Create(Some.Bytes($"k{size:D7}"), Json(size), "application/json", 1, 1, 1, 0, Entry.Never)));
        var state = publisher.Latest;
        foreach (var size in sizes)
        {
            var key = Some.Key($"k{size:D7}");
            AssertCovers(new Put(key, new byte[size], "x/y"));
            AssertCovers(new Delete(key));
            AssertCovers(new Get(key));
            AssertCovers(new Get(key), new Put(Some.Key("new"), new byte[size], "x/y"));
            AssertCovers(new Move(key, Some.Key(new string('t', 1024))));
            AssertCovers(new SetExpiry(key, ExpiryUpdate.At(Time.GetUtcNow().AddHours(1))));
            AssertCovers(new Append(Some.Key("q/"), new byte[size], "x/y"));
            AssertCovers(Prepared(key));
            AssertCovers(new DeletePrefix("k"u8, 100));

            MergePatch Prepared(Key patched)
            {
                var patch = MergePatch.TryCreate(patched, Some.Bytes("{\"b\":1}"), 2 << 20, default)!;
                patch.Prepare(state);
                return patch;
            }
        }

        void AssertCovers(params Operation[] operations)
        {
            foreach (var idempotency in new[] { null, new Idempotency("i"u8, new byte[32], TimeSpan.FromHours(1), 4 << 20) })
            {
                var transaction = new Transaction([], [.. operations]) { Idempotency = idempotency };
                var cost = transaction.CostIn(state);
                var decision = Decide();
                var allocated = Allocations.Of(Decide);

                // Objects of the batch, and the nodes of its first write, are not a transaction's.
                Assert.True(allocated <= cost.MemoryBytes + 3000, $"{operations[0].GetType().Name}: {allocated} bytes allocated, {cost} charged.");
                var logged = decision.Commits.Sum(commit => commit.Changes.ToArray().Sum(change => change.Current is { } entry && !(change.Previous is { } previous && entry.IsExpiryUpdateOf(previous)) ? entry.Bytes : 0));
                Assert.True(logged <= cost.Work, $"{operations[0].GetType().Name}: {logged} bytes to log, {cost} charged.");
                Assert.True(cost.Work <= logged + (3L * transaction.Bytes) + cost.ReadBytes + 20_000, $"{operations[0].GetType().Name}: {logged} bytes to log, {cost} charged.");

                Decision Decide() => new BatchDecider(Time).Decide(publisher, [transaction]);
            }
        }
    }

    // Except for those that take the value to a larger array.
    [Fact]
    public void CostIn_ExtensionsOfALargeValue_IsThatOfWhatTheyAdd()
    {
        const int ValueBytes = 100_000;
        var publisher = new SnapshotPublisher(new StoreOptions(), Time);
        publisher.Load(1, [Entry.Create("m"u8, new byte[ValueBytes], Entry.MergeableContentType, 1, 1, 1, 0, Entry.Never)]);
        var copied = 0;
        for (var i = 0; i < 100; i++)
        {
            var transaction = Some.Transaction(new Extend(Some.Key("m"), 1, ValueBytes + (i * 45), new byte[45]));
            var cost = transaction.CostIn(publisher.Latest);
            Assert.InRange(cost.Work, 45, 10_000);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var decision = new BatchDecider(Time).Decide(publisher, [transaction]);
            copied += GC.GetAllocatedBytesForCurrentThread() - before > cost.MemoryBytes + 3000 ? 1 : 0;
            publisher.Apply(decision);
        }

        Assert.InRange(copied, 1, 5);
    }

    [Fact]
    public void CostIn_MovesOfLargeValues_IsWorkWithoutMemory()
    {
        var state = Snapshot.FromSorted(1, Enumerable.Range(0, 100).Select(i => Entry.Create(Some.Bytes($"k{i:D3}"), new byte[1 << 20], "x/y", 1, 1, 1, 0, Entry.Never)));
        var cost = Some.Transaction([.. Enumerable.Range(0, 100).Select(Operation (i) => new Move(Some.Key($"k{i:D3}"), Some.Key($"m{i:D3}")))]).CostIn(state);

        Assert.InRange(cost.MemoryBytes, 0, 1 << 19);
        Assert.Equal(100L << 20, cost.CarriedBytes);
        Assert.InRange(cost.Work, 100L << 20, 101L << 20);
    }

    // As many as are changes of their commit, and so many that they are cut out of the index at once.
    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(50_000)]
    public void CostIn_DeletionByPrefix_IsThatOfItsChanges(int entries)
    {
        var publisher = new SnapshotPublisher(new StoreOptions(), Time);
        publisher.Load(1, Enumerable.Range(0, entries).Select(i => Entry.Create(Some.Bytes($"k{i:D5}"), "v"u8, "x/y", 1, 1, 1, 0, Entry.Never)));
        var transaction = Some.Transaction(new DeletePrefix("k"u8, entries));
        var cost = transaction.CostIn(publisher.Latest);

        Assert.Equal(0, Decide().After.Count);
        Assert.InRange(Allocations.Of(Decide), 0, cost.MemoryBytes + 16_000);
        Assert.InRange(cost.Work, 20_000, 100_000);

        Decision Decide() => new BatchDecider(Time).Decide(publisher, [transaction]);
    }

    // Small tokens take more as parsed JSON than as text.
    [Theory]
    [InlineData("1,")]
    [InlineData("{},")]
    [InlineData("\"text\",")]
    [InlineData("{\"name\":[true,null]},")]
    public void Bytes_MergePatch_AreThoseOfTheParsedPatch(string items)
    {
        var text = Some.Bytes($"{{\"a\":[{string.Concat(Enumerable.Repeat(items, 10_000)).TrimEnd(',')}]}}");
        var patch = MergePatch.TryCreate(Some.Key("k"), text, 1 << 20, default)!;
        using var document = JsonDocument.Parse(text);

        Assert.InRange(Allocations.Of(() => document.RootElement.Clone()), patch.Bytes, patch.Bytes + 500);
    }

    private static byte[] Json(int size) => size < 20 ? "{}"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(new { a = new string('x', size - 8) });
}
