namespace KvStore.Tests;

/// <summary>The index and what it must be equal to, changed together.</summary>
internal sealed class IndexModel
{
    private readonly SortedDictionary<Key, Entry> _expected;
    private readonly OrderedIndex.Builder _builder;

    public IndexModel(OrderedIndex index, IEnumerable<Entry> expected)
    {
        _builder = index.ToBuilder();
        _expected = [];
        foreach (var entry in expected)
            _expected.Add(entry.Key, entry);
    }

    public int Count => _expected.Count;

    public Key AnyKey(Random random) => _expected.Keys.ElementAt(random.Next(_expected.Count));

    public void Set(Entry entry)
    {
        Entry? previous = _expected.TryGetValue(entry.Key, out var met) ? met : null;
        Assert.Equal(previous, _builder.Set(entry));
        _expected[entry.Key] = entry;
    }

    public void Remove(Key key)
    {
        Entry? previous = _expected.Remove(key, out var met) ? met : null;
        Assert.Equal(previous, _builder.Remove(key));
    }

    public void RemoveRange(KeyRange range)
    {
        var removed = Within(_expected.Values, range).ToArray();
        Assert.Equal(removed.Length, _builder.RemoveRange(range));
        foreach (var entry in removed)
            _expected.Remove(entry.Key);
    }

    /// <summary>Takes a range out, changes what is around it, and puts it back.</summary>
    public void CutAndPaste(KeyRange range, Action<Func<Key, bool>> change)
    {
        Entry[] cut = [.. Within(_expected.Values, range)];
        var slice = _builder.Slice(range);
        AssertHolds(slice, cut);
        _builder.Validate();
        RemoveRange(range);
        change(key => cut.Length == 0 || key.CompareTo(cut[0].Key) < 0 || key.CompareTo(cut[^1].Key) > 0);
        _builder.Insert(slice);
        foreach (var entry in cut)
            _expected.Add(entry.Key, entry);
        Validate();
        AssertHolds(slice, cut);
    }

    public void Validate()
    {
        _builder.Validate();
        Assert.Equal(_expected.Count, _builder.Count);
    }

    public (OrderedIndex Index, Entry[] Expected) ToVersion() => (_builder.ToIndex(), [.. _expected.Values]);

    /// <summary>Asserts that an index holds exactly these entries, whichever way it is asked.</summary>
    public static void AssertHolds(OrderedIndex index, Entry[] expected)
    {
        index.Validate();
        Assert.Equal(expected.Length, index.Count);
        Assert.True(expected.SequenceEqual(All(index.Scan(default))), "The scan differs.");
        Assert.Equal((expected.Sum(entry => entry.Bytes), expected.Sum(entry => entry.MemoryBytes)), (index.Sizes.Bytes, index.Sizes.MemoryBytes));
        foreach (var entry in expected)
            Assert.Equal(entry, index.Find(entry.Key.Utf8));
    }

    public static void AssertRange(OrderedIndex index, Entry[] expected, KeyRange range)
    {
        Entry[] within = [.. Within(expected, range)];
        Assert.Equal(within.Length, index.CountOf(range));
        Assert.True(within.SequenceEqual(All(index.Scan(range))), "The scan of a range differs.");
    }

    public static void AssertFind(OrderedIndex index, Entry[] expected, Key key) =>
        Assert.Equal(expected.Where(entry => entry.Key == key).Select(entry => (Entry?)entry).FirstOrDefault(), index.Find(key.Utf8));

    public static List<Entry> All(RangeEnumerator scan)
    {
        var entries = new List<Entry>();
        foreach (var entry in scan)
            entries.Add(entry);
        return entries;
    }

    private static IEnumerable<Entry> Within(IEnumerable<Entry> entries, KeyRange range) => entries.Where(entry =>
        entry.Key.Utf8.SequenceCompareTo(range.From.Span) >= 0 &&
        (range.To.IsEmpty || entry.Key.Utf8.SequenceCompareTo(range.To.Span) < 0));
}
