using System.Collections.Immutable;

namespace KvStore;

/// <summary>
/// The entries of one snapshot, ordered by key. Immutable; any thread may read it at any time. A <see cref="Builder"/>
/// makes the next one and shares with it all that did not change.
/// </summary>
internal sealed class OrderedIndex
{
    private static readonly IComparer<Entry> ByKey = Comparer<Entry>.Create((left, right) => left.Key.CompareTo(right.Key));

    private readonly ImmutableSortedSet<Entry> _entries;

    private OrderedIndex(ImmutableSortedSet<Entry> entries) => _entries = entries;

    /// <summary>No entries.</summary>
    public static OrderedIndex Empty { get; } = new(ImmutableSortedSet.Create(ByKey));

    /// <summary>How many entries there are.</summary>
    public long Count => _entries.Count;

    /// <summary>The key's entry, or null.</summary>
    public Entry? Find(ReadOnlySpan<byte> key)
    {
        var at = LowerBound(key);
        return at < _entries.Count && _entries[at].Key.Utf8.SequenceEqual(key) ? _entries[at] : null;
    }

    /// <summary>How many entries a range holds, without touching them.</summary>
    public long CountOf(KeyRange range) => UpperEnd(range) - LowerBound(range.From.Span);

    /// <summary>The entries of a range, in key order.</summary>
    public RangeEnumerator Scan(KeyRange range) => new(this, LowerBound(range.From.Span), UpperEnd(range));

    /// <summary>A builder that starts with this index's entries.</summary>
    public Builder ToBuilder() => new(this);

    private int UpperEnd(KeyRange range) => range.To.IsEmpty ? _entries.Count : LowerBound(range.To.Span);

    private int LowerBound(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, _entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_entries[middle].Key.Utf8.SequenceCompareTo(key) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Walks a range. Not to be shared between threads, and not to be copied while it walks.</summary>
    public struct RangeEnumerator
    {
        private readonly OrderedIndex _index;
        private readonly int _end;
        private int _at;

        internal RangeEnumerator(OrderedIndex index, int start, int end)
        {
            _index = index;
            _at = start - 1;
            _end = end;
        }

        /// <summary>The entry that is stood on.</summary>
        public readonly Entry Current => _index._entries[_at];

        /// <summary>Goes to the next entry; false at the end.</summary>
        public bool MoveNext() => ++_at < _end;

        /// <summary>Itself, so that foreach takes it.</summary>
        public readonly RangeEnumerator GetEnumerator() => this;
    }

    /// <summary>Makes the next index. Belongs to one thread.</summary>
    public sealed class Builder
    {
        private readonly ImmutableSortedSet<Entry>.Builder _entries;

        internal Builder(OrderedIndex index) => _entries = index._entries.ToBuilder();

        /// <summary>Puts an entry in, in the place of one with the same key, which is returned.</summary>
        public Entry? Set(Entry entry)
        {
            _entries.TryGetValue(entry, out var previous);
            var replaced = _entries.Remove(entry);
            _entries.Add(entry);
            return replaced ? previous : null;
        }

        /// <summary>Takes a key's entry out and returns it; null when there is none.</summary>
        public Entry? Remove(Key key)
        {
            var probe = new Entry(key, default, "", 0, 0, 0, 0);
            if (!_entries.TryGetValue(probe, out var previous) || ReferenceEquals(previous, probe))
                return null;
            _entries.Remove(probe);
            return previous;
        }

        /// <summary>The index of what the builder holds now. The builder may go on; the index does not change.</summary>
        public OrderedIndex ToIndex() => new(_entries.ToImmutable());
    }
}
