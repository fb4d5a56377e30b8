namespace KvStore;

internal sealed partial class OrderedIndex
{
    /// <summary>Creates the next index. Not thread-safe.</summary>
    public sealed class Builder
    {
        private readonly SupersededBytes _superseded;
        private long _owner = NodeCopy.NewOwner();
        private Node _root;
        private int _count;

        internal Builder(OrderedIndex index, SupersededBytes superseded)
        {
            _root = index._root;
            _count = index.Count;
            _superseded = superseded;
        }

        /// <summary>The number of entries.</summary>
        public int Count => _count;

        /// <summary>The key's entry, or null.</summary>
        public Entry? Find(ReadOnlySpan<byte> key) => OrderedIndex.Find(_root, key);

        /// <summary>Counts the entries of a range without visiting them.</summary>
        public long CountOf(KeyRange range)
        {
            var (start, end) = PositionsOf(_root, _count, range);
            return end - start;
        }

        /// <summary>The entries of a range, in key order. The builder must not change during the enumeration.</summary>
        public RangeEnumerator Scan(KeyRange range)
        {
            var (start, end) = PositionsOf(_root, _count, range);
            return new(_root, start, end);
        }

        /// <summary>Inserts an entry, or replaces the one with the same key and returns that.</summary>
        public Entry? Set(Entry entry)
        {
            _root = NodeCopy.Own(_root, _owner, _superseded);
            var upper = SetBelow(_root, entry, out var previous, out _);
            if (previous is null)
                _count = checked(_count + 1);
            if (upper is not null)
                _root = NodeEdit.RootOf(_root, NodeEdit.SeparatorOf(_root, upper), upper, _owner);
            return previous;
        }

        /// <summary>Removes a key's entry and returns it; null when there is none.</summary>
        public Entry? Remove(Key key)
        {
            // A key without an entry must not copy any node.
            var previous = Find(key.Utf8);
            if (previous is not { } entry)
                return null;
            _root = NodeCopy.Own(_root, _owner, _superseded);
            RemoveBelow(_root, key.Utf8, EntrySizes.Of(entry));
            _count--;
            Shrink();
            return previous;
        }

        /// <summary>Removes every entry of a range and returns their number. Visits only the two ends of the range.</summary>
        public int RemoveRange(KeyRange range)
        {
            var (start, end) = PositionsOf(_root, _count, range);
            RemoveAt(start, end - start);
            _superseded.AddUnvisited((end - start) * Entry.IndexBytes);
            return end - start;
        }

        /// <summary>The entries of a range, as an index that shares nodes with this one. Visits only the two ends of the range.</summary>
        public OrderedIndex Slice(KeyRange range)
        {
            var (start, end) = PositionsOf(_root, _count, range);
            var slice = ToIndex().ToBuilder();
            slice.RemoveAt(end, _count - end);
            slice.RemoveAt(0, start);
            return slice.ToIndex();
        }

        /// <summary>Inserts the entries of an index, and shares its nodes. Visits only its two ends.</summary>
        /// <exception cref="InvalidOperationException">This index has a key between the first and the last of the other one.</exception>
        public void Insert(OrderedIndex other)
        {
            if (other.Count == 0)
                return;
            var (start, end) = PositionsOf(_root, _count, new KeyRange(other.EntryAt(0).KeyUtf8.ToArray(), other.EntryAt(other.Count - 1).KeyUtf8.ToArray()));
            if (start != end || Find(other.EntryAt(other.Count - 1).KeyUtf8) is not null)
                throw new InvalidOperationException("There is an entry between those that are to be inserted.");

            // Two builders continue from these nodes, so neither may change them.
            var upper = ToIndex().ToBuilder();
            upper.RemoveAt(0, start);
            RemoveAt(start, _count - start);
            Append(other);
            Append(upper.ToIndex());
        }

        /// <summary>The index of the builder's current entries. The builder may continue; the index does not change.</summary>
        public OrderedIndex ToIndex()
        {
            // The nodes belong to the index now: with its old number the builder would still write into them.
            var owner = _owner;
            _owner = NodeCopy.NewOwner();
            return new(_root, _count, owner);
        }

        // For tests, which check the rules of the tree.
        internal (Node Root, long Owner) State => (_root, _owner);

        private void RemoveAt(int start, int count)
        {
            if (count == 0)
                return;
            _root = NodeCopy.Own(_root, _owner, _superseded);
            RangeRemoval.RemoveBelow(_root, start, count, _superseded);
            _count -= count;
            Shrink();
            JoinSparseAround(start);
        }

        private void Append(OrderedIndex other)
        {
            var start = _count;
            _count = checked(_count + other.Count);
            _root = Concatenation.Of(_root, other._root, _owner, _superseded);
            JoinSparseAround(start);
        }

        // Both edges of a gap or a seam may be sparse, on every level, and joining two nodes on one level may bring sparse ones
        // on the level below together: each pass joins at least one pair, and there are few on two paths.
        private void JoinSparseAround(int position)
        {
            while (JoinSparse(position - 1) | JoinSparse(position))
                Shrink();
        }

        private Node? SetBelow(Node node, Entry entry, out Entry? previous, out EntrySizes growth)
        {
            if (node is Leaf leaf)
                return SetIn(leaf, entry, out previous, out growth);

            var inner = (Inner)node;
            var slot = NodeSearch.ChildOf(inner, entry.KeyUtf8);
            var child = NodeCopy.OwnChild(inner, slot, _superseded);
            var upper = SetBelow(child, entry, out previous, out growth);
            inner.Sizes += growth;
            if (upper is null)
            {
                if (previous is null)
                    inner.Totals[slot]++;
                return null;
            }

            inner.Totals[slot] = child.Total;
            inner.Sizes -= upper.Sizes;
            return NodeEdit.InsertOrSplit(inner, slot + 1, NodeEdit.SeparatorOf(child, upper), upper);
        }

        private static Leaf? SetIn(Leaf leaf, Entry entry, out Entry? previous, out EntrySizes growth)
        {
            growth = EntrySizes.Of(entry);
            var key = entry.KeyUtf8;
            var slot = NodeSearch.SlotOf(leaf, key);
            if (slot >= 0)
            {
                previous = leaf.Entries[slot];
                growth -= EntrySizes.Of(leaf.Entries[slot]);
                leaf.Entries[slot] = entry;
                leaf.Sizes += growth;
                return null;
            }

            previous = null;
            slot = NodeSearch.LowerBound(leaf, key);
            if (leaf.Count < Node.Capacity)
            {
                NodeEdit.Insert(leaf, slot, entry);
                return null;
            }

            var upper = (Leaf)NodeEdit.Split(leaf, slot);
            if (slot <= leaf.Count)
                NodeEdit.Insert(leaf, slot, entry);
            else
                NodeEdit.Insert(upper, slot - leaf.Count, entry);
            return upper;
        }

        private void RemoveBelow(Node node, ReadOnlySpan<byte> key, EntrySizes removed)
        {
            node.Sizes -= removed;
            if (node is Leaf leaf)
            {
                leaf.CloseGap(NodeSearch.SlotOf(leaf, key), 1);
                return;
            }

            var inner = (Inner)node;
            var slot = NodeSearch.ChildOf(inner, key);
            var child = NodeCopy.OwnChild(inner, slot, _superseded);
            RemoveBelow(child, key, removed);
            inner.Totals[slot]--;
            if (child.Count < Node.Sparse && inner.Count > 1)
                NodeEdit.Join(inner, Math.Max(slot - 1, 0), _superseded);
        }

        private bool JoinSparse(int position)
        {
            // The root may be a child of a root that was dropped, and belong to a published index.
            _root = NodeCopy.Own(_root, _owner, _superseded);
            return RangeRemoval.JoinSparse(_root, position, _superseded);
        }

        private void Shrink()
        {
            while (_root is Inner { Count: <= 1 } inner)
                _root = inner.Count == 1 ? inner.Children[0]! : Leaf.Empty;
            if (_root.Count == 0)
                _root = Leaf.Empty;
        }
    }
}
