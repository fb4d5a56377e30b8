namespace KvStore.Tests;

/// <summary>An index never changes, whatever is built from it.</summary>
public sealed class OrderedIndexPersistenceTests
{
    [Fact]
    public void ToIndex_BuilderContinues_IndexIsUnchanged()
    {
        var seed = IndexKeys.Seed();
        var random = new Random(seed);
        var keys = IndexKeys.Generator("users", random);
        var builder = OrderedIndex.Empty.ToBuilder();
        var versions = new List<(OrderedIndex Index, Entry[] Copy)>();

        for (var round = 0; round < 60; round++)
        {
            for (var i = 0; i < 40; i++)
                Change(builder, keys, random, round);
            var index = builder.ToIndex();
            versions.Add((index, [.. IndexModel.All(index.Scan(default))]));
            foreach (var (old, copy) in versions)
                IndexModel.AssertHolds(old, copy);
        }
    }

    [Fact]
    public void ToIndex_EachKindOfWrite_IndexIsUnchanged()
    {
        var entries = Sorted(500);
        Action<OrderedIndex.Builder>[] writes =
        [
            builder => builder.Set(IndexKeys.EntryOf(entries[250].Key, 2)),
            builder => builder.Set(IndexKeys.EntryOf("k000250x")),
            builder => builder.Set(IndexKeys.EntryOf("a")),
            builder => builder.Set(IndexKeys.EntryOf("z")),
            builder => builder.Remove(entries[250].Key),
            builder => builder.RemoveRange(new KeyRange(entries[100].Key.Utf8.ToArray(), entries[300].Key.Utf8.ToArray())),
            builder => builder.RemoveRange(default),
        ];

        foreach (var write in writes)
        {
            // The builder owns every node on the way, so only a changed owner keeps it from writing into them.
            var builder = OrderedIndex.Empty.ToBuilder();
            foreach (var entry in entries)
                builder.Set(entry);
            var index = builder.ToIndex();
            write(builder);
            IndexModel.AssertHolds(index, entries);
            builder.Validate();
        }
    }

    [Fact]
    public void ToBuilder_TwoOfOneIndex_AreIsolated()
    {
        var entries = Sorted(300);
        var index = OrderedIndex.FromSorted(entries);
        var left = index.ToBuilder();
        var right = index.ToBuilder();
        foreach (var entry in entries)
        {
            left.Remove(entry.Key);
            right.Set(IndexKeys.EntryOf(entry.Key, 2));
        }

        IndexModel.AssertHolds(index, entries);
        Assert.Equal(0, left.ToIndex().Count);
        Assert.All(IndexModel.All(right.ToIndex().Scan(default)), entry => Assert.Equal(2, entry.Revision));
    }

    [Fact]
    public void Set_BatchAfterBatch_SharesUnchangedNodes()
    {
        var index = OrderedIndex.FromSorted(Sorted(100_000));
        var replacement = IndexKeys.EntryOf("k050000", 2);
        var builder = index.ToBuilder();
        builder.Set(replacement);

        Assert.InRange(Allocations.Of(() => index.ToBuilder().Set(replacement)), 1, 8192);
        Assert.Equal(0, Allocations.Of(() => builder.Set(replacement)));
    }

    private static Entry[] Sorted(int count) =>
        [.. Enumerable.Range(0, count).Select(i => IndexKeys.EntryOf($"k{i:D6}"))];

    private static void Change(OrderedIndex.Builder builder, Func<Key> keys, Random random, int revision)
    {
        if (random.Next(40) == 0)
            builder.RemoveRange(IndexKeys.Range(keys, random) is var range && range.To.IsEmpty ? KeyRange.WithPrefix(keys().Utf8) : range);
        else if (random.Next(4) == 0)
            builder.Remove(keys());
        else
            builder.Set(IndexKeys.EntryOf(keys(), revision));
    }
}
