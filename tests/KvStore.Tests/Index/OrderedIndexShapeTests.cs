using System.Text;

namespace KvStore.Tests;

/// <summary>Keys that are hard on prefixes and heads, each shape put in, looked up, counted and taken out in several orders.</summary>
public sealed class OrderedIndexShapeTests
{
    public static TheoryData<string> Names => [.. Shapes.Keys];

    private static readonly byte[] Edges = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF];

    private static readonly Dictionary<string, Func<byte[][]>> Shapes = new()
    {
        ["all first bytes"] = () => [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })],
        ["all pairs of edge bytes"] = () => [.. from a in Edges from b in Edges from c in Edges select new[] { a, b, c }],
        ["zeros of every length"] = () => [.. Enumerable.Range(1, 200).Select(length => new byte[length])],
        ["FFs of every length"] = () => [.. Enumerable.Range(1, 200).Select(length => Enumerable.Repeat((byte)0xFF, length).ToArray())],
        ["prefixes up to 1024 bytes"] = () => [.. Enumerable.Range(1, 1024).Select(length => Enumerable.Repeat((byte)'x', length).ToArray())],
        ["1023 bytes in common"] = () => [.. Enumerable.Range(0, 256).Select(b => Enumerable.Repeat((byte)'x', 1023).Append((byte)b).ToArray())],
        ["equal in the eight bytes after the prefix"] = () => [.. Enumerable.Range(0, 300).Select(i => Encoding.UTF8.GetBytes($"{(i % 2 == 0 ? 'a' : 'b')}12345678{i:D5}"))],
        ["a head of FFs"] = () => [.. from first in new byte[] { 0, 0xFF } from last in Enumerable.Range(0, 100) select (byte[])[first, 255, 255, 255, 255, 255, 255, 255, 255, (byte)last]],
        ["padding like zeros"] = () => [.. from i in Enumerable.Range(0, 60) from zeros in Enumerable.Range(0, 10) select (byte[])[(byte)i, .. new byte[zeros]]],
        ["numbers"] = () => [.. Enumerable.Range(0, 2000).Select(i => Encoding.UTF8.GetBytes($"n{i:D7}"))],
        ["a short key among long ones"] = () => [[(byte)'x'], .. Enumerable.Range(0, 100).Select(i => Encoding.UTF8.GetBytes($"{new string('x', 40)}{i:D3}")), "xy"u8.ToArray(), "w"u8.ToArray()],
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void SetAndRemove_EveryOrder_HasExactlyTheKeys(string name)
    {
        var sorted = Shapes[name]().Select(bytes => IndexKeys.EntryOf(IndexKeys.Of(bytes))).OrderBy(entry => entry.Key).ToArray();
        var shuffled = sorted.ToArray();
        new Random(IndexKeys.Seed()).Shuffle(shuffled);

        foreach (var order in new[] { sorted, [.. sorted.Reverse()], shuffled })
        {
            var builder = OrderedIndex.Empty.ToBuilder();
            foreach (var entry in order)
            {
                Assert.Null(builder.Set(entry));
                if (builder.Count % 37 == 0)
                    builder.Validate();
            }

            IndexModel.AssertHolds(builder.ToIndex(), sorted);
            foreach (var entry in order)
            {
                Assert.Equal(entry, builder.Remove(entry.Key));
                if (builder.Count % 37 == 0)
                    builder.Validate();
            }

            Assert.Equal(0, builder.ToIndex().Count);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Scan_FromAndAfterEveryKey_StartsThere(string name)
    {
        var sorted = Shapes[name]().Select(bytes => IndexKeys.EntryOf(IndexKeys.Of(bytes))).OrderBy(entry => entry.Key).ToArray();
        var index = OrderedIndex.FromSorted(sorted);
        for (var i = 0; i < sorted.Length; i++)
        {
            var key = sorted[i].Key.Utf8;
            Assert.Equal(sorted.Length - i, index.CountOf(new KeyRange(key.ToArray(), default)));
            Assert.Equal(sorted.Length - i - 1, index.CountOf(default(KeyRange).After(key)));
            Assert.Equal(i, index.CountOf(new KeyRange(default, key.ToArray())));
            var scan = index.Scan(new KeyRange(key.ToArray(), default));
            Assert.True(scan.MoveNext());
            Assert.Equal(sorted[i], scan.Current);
        }
    }

    [Fact]
    public void Find_KeyWithHeadOfAnother_IsNull()
    {
        // The first two look alike to a search that skips the prefix; the third is shorter than the prefix.
        var index = OrderedIndex.FromSorted([IndexKeys.EntryOf("prefix/aaaaaaaa1"), IndexKeys.EntryOf("prefix/aaaaaaaa2")]);
        Assert.Null(index.Find("prefiy/aaaaaaaa1"u8));
        Assert.Null(index.Find("prefix/aaaaaaaa3"u8));
        Assert.Null(index.Find("pre"u8));
        Assert.Null(index.Find(default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(27)]
    [InlineData(28)]
    [InlineData(29)]
    [InlineData(57)]
    [InlineData(785)]
    [InlineData(25_000)]
    public void FromSorted_AnyNumber_HasAll(int count)
    {
        Entry[] entries = [.. Enumerable.Range(0, count).Select(i => IndexKeys.EntryOf($"k{i:D6}"))];
        IndexModel.AssertHolds(OrderedIndex.FromSorted(entries), entries);
    }

    [Fact]
    public void FromSorted_NotAscending_Throws()
    {
        Assert.Throws<ArgumentException>(() => OrderedIndex.FromSorted([IndexKeys.EntryOf("b"), IndexKeys.EntryOf("a")]));
        Assert.Throws<ArgumentException>(() => OrderedIndex.FromSorted([IndexKeys.EntryOf("a"), IndexKeys.EntryOf("a")]));
    }

    [Fact]
    public void RemoveRange_EveryPairOfEdges_LeavesTheRest()
    {
        Entry[] entries = [.. Enumerable.Range(0, 2500).Select(i => IndexKeys.EntryOf($"k{i:D6}"))];
        var index = OrderedIndex.FromSorted(entries);
        for (var start = 0; start < entries.Length; start += 61)
        {
            for (var end = start; end < entries.Length; end += 173)
            {
                var builder = index.ToBuilder();
                Assert.Equal(end - start, builder.RemoveRange(new KeyRange(entries[start].Key.Utf8.ToArray(), entries[end].Key.Utf8.ToArray())));
                builder.Validate();
                Assert.Equal(entries.Length - (end - start), builder.Count);
                var rest = builder.ToIndex();
                Assert.Equal(entries[end], rest.Find(entries[end].Key.Utf8));
                Assert.Equal(start == end, rest.Find(entries[start].Key.Utf8) is not null);
                Assert.Equal(start, rest.CountOf(new KeyRange(default, entries[end].Key.Utf8.ToArray())));
            }
        }

        IndexModel.AssertHolds(index, entries);
    }
}
