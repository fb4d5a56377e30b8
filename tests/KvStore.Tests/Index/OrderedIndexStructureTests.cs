namespace KvStore.Tests;

/// <summary>Corners of the tree's structure that random operations reach too seldom.</summary>
public sealed class OrderedIndexStructureTests
{
    // What bulk loading and keys that come in order leave in a node.
    private const int Loaded = Node.Capacity - Node.Least;

    [Fact]
    public void MemoryBytes_EveryNode_IsWhatIsAllocated()
    {
        Assert.Equal(Allocations.Of(() => new Leaf(1)), new Leaf(1).MemoryBytes);
        byte[] separator = [1];
        Assert.Equal(Allocations.Of(() =>
        {
            var inner = new Inner(1);
            inner.SetSeparator(0, separator);
            return inner;
        }), new Inner(1).MemoryBytes);
    }

    [Fact]
    public void Set_SplitBelowFullInner_ChildIsInCorrectHalf()
    {
        var builder = OrderedIndex.Empty.ToBuilder();
        Fill(builder, (Node.Capacity - 1) * Loaded + Loaded / 2);
        var full = builder.ToIndex();
        Entry[] before = [.. IndexModel.All(full.Scan(default))];

        // Each leaf is split in turn, so the inner node is split with the new child at each of its slots.
        for (var at = 1; at < before.Length; at += Loaded)
        {
            builder = full.ToBuilder();
            for (var i = 0; i < Node.Capacity; i++)
            {
                builder.Set(IndexKeys.EntryOf($"{before[at].Key}/{i:D3}"));
                builder.Validate();
            }
        }

        IndexModel.AssertHolds(full, before);
    }

    // Trees whose edges become fuller leaf by leaf, until the node above the one that is added has no room, and its parent none either.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Insert_LowerTreeAtAnEdge_SplitsWhatIsFull(bool isAscending)
    {
        var added = OrderedIndex.FromSorted(Enumerable.Range(0, Node.Capacity).Select(i => IndexKeys.EntryOf($"{(isAscending ? 'z' : 'a')}{i:D3}")));
        var builder = OrderedIndex.Empty.ToBuilder();
        for (var i = 0; i < 3000; i++)
        {
            builder.Set(IndexKeys.EntryOf($"k{(isAscending ? i : 9999 - i):D4}"));
            if (i % (Node.Capacity / 4) > 0)
                continue;
            var pasted = builder.ToIndex().ToBuilder();
            pasted.Insert(added);
            pasted.Validate();
            Assert.Equal(i + 1 + added.Count, pasted.Count);
        }
    }

    [Fact]
    public void RemoveRange_RootBecomesSharedNode_OldIndexIsUnchanged()
    {
        var builder = OrderedIndex.Empty.ToBuilder();
        Fill(builder, (Node.Capacity - 1) * Loaded);

        // A leaf that splits at its end leaves a sparse one behind it; the inner node then splits just before that one.
        for (var i = 0; i <= Node.Least; i++)
            builder.Set(IndexKeys.EntryOf($"k{Loaded * Loaded - 1:D6}0/{i}"));
        for (var i = 0; i < Node.Capacity; i++)
            builder.Set(IndexKeys.EntryOf($"l{i:D6}"));
        builder.Validate();
        var index = builder.ToIndex();
        Entry[] before = [.. IndexModel.All(index.Scan(default))];

        for (var end = 1; end <= before.Length; end++)
        {
            // A reader in the middle of the old index sees entries move, even when they move between nodes that hold the same in all.
            var standing = Math.Max(end - Loaded, 0);
            var reader = index.Scan(new KeyRange(before[standing].Key.Utf8.ToArray(), default));
            Assert.True(reader.MoveNext());

            builder = index.ToBuilder();
            builder.RemoveRange(new KeyRange(default, end < before.Length ? before[end].Key.Utf8.ToArray() : default));
            builder.Validate();
            IndexModel.AssertHolds(builder.ToIndex(), before[end..]);
            index.Validate();
            for (var i = standing; i < before.Length; i++)
            {
                Assert.Equal(before[i], reader.Current);
                Assert.Equal(i < before.Length - 1, reader.MoveNext());
            }
        }

        IndexModel.AssertHolds(index, before);
    }

    [Fact]
    public void RemoveRange_FirstChildrenThenNeighbour_KeysInGapAreFound()
    {
        Entry[] entries = [.. Enumerable.Range(0, 4 * Loaded * Loaded).Select(i => IndexKeys.EntryOf($"k{i:D6}0"))];
        var index = OrderedIndex.FromSorted(entries);
        const int second = Loaded * Loaded;
        for (var whole = 1; whole < Loaded; whole++)
        {
            var builder = index.ToBuilder();
            builder.RemoveRange(Between(entries, second, second + whole * Loaded));

            // They belong to the first child that is left, whose own separator is greater than they are.
            var gap = IndexKeys.EntryOf($"k{second:D6}1");
            builder.Set(gap);
            builder.Validate();
            builder.RemoveRange(Between(entries, 20, second));
            builder.Validate();
            Assert.Equal(gap, builder.ToIndex().Find(gap.Key.Utf8));
        }
    }

    private static KeyRange Between(Entry[] entries, int start, int end) =>
        new(entries[start].Key.Utf8.ToArray(), entries[end].Key.Utf8.ToArray());

    private static void Fill(OrderedIndex.Builder builder, int count)
    {
        for (var i = 0; i < count; i++)
            builder.Set(IndexKeys.EntryOf($"k{i:D6}0"));
    }
}
