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
            var upper = SetBelow(_root, entry, out var previous);
            if (previous is null)
                _count = checked(_count + 1);
            if (upper is not null)
                Grow(upper);
            return previous;
        }

        /// <summary>Removes a key's entry and returns it; null when there is none.</summary>
        public Entry? Remove(Key key)
        {
            // A key without an entry must not copy any node.
            var previous = Find(key.Utf8);
            if (previous is null)
                return null;
            _root = NodeCopy.Own(_root, _owner, _superseded);
            RemoveBelow(_root, key.Utf8);
            _count--;
            Shrink();
            return previous;
        }

        /// <summary>Removes every entry of a range and returns their number. Visits only the two ends of the range.</summary>
        public int RemoveRange(KeyRange range)
        {
            var (start, end) = PositionsOf(_root, _count, range);
            var count = end - start;
            if (count == 0)
                return 0;
            _root = NodeCopy.Own(_root, _owner, _superseded);
            _superseded.AddUnvisited(count * Entry.IndexBytes);
            RangeRemoval.RemoveBelow(_root, start, count, _superseded);
            _count -= count;
            Shrink();

            // Both edges of the gap may be sparse, on every level, and joining two nodes on one level may bring sparse ones
            // on the level below together: each pass joins at least one pair, and there are few on two paths.
            while (JoinSparse(start - 1) | JoinSparse(start))
                Shrink();
            return count;
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

        private Node? SetBelow(Node node, Entry entry, out Entry? previous)
        {
            if (node is Leaf leaf)
                return SetIn(leaf, entry, out previous);

            var inner = (Inner)node;
            var slot = NodeSearch.ChildOf(inner, entry.KeyUtf8);
            var child = NodeCopy.OwnChild(inner, slot, _superseded);
            var upper = SetBelow(child, entry, out previous);
            if (upper is null)
            {
                if (previous is null)
                    inner.Totals[slot]++;
                return null;
            }

            inner.Totals[slot] = child.Total;
            return InsertChild(inner, slot + 1, NodeEdit.SeparatorOf(child, upper), upper);
        }

        private static Leaf? SetIn(Leaf leaf, Entry entry, out Entry? previous)
        {
            var key = entry.KeyUtf8;
            var slot = NodeSearch.SlotOf(leaf, key);
            if (slot >= 0)
            {
                previous = leaf.Entries[slot];
                leaf.Entries[slot] = entry;
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

        private static Inner? InsertChild(Inner inner, int slot, byte[] separator, Node child)
        {
            if (inner.Count < Node.Capacity)
            {
                NodeEdit.Insert(inner, slot, separator, child);
                return null;
            }

            // At the border the child goes to the lower node: the parent determines the first separator of the upper one.
            var upper = (Inner)NodeEdit.Split(inner, slot);
            if (slot <= inner.Count)
                NodeEdit.Insert(inner, slot, separator, child);
            else
                NodeEdit.Insert(upper, slot - inner.Count, separator, child);
            return upper;
        }

        private void RemoveBelow(Node node, ReadOnlySpan<byte> key)
        {
            if (node is Leaf leaf)
            {
                leaf.CloseGap(NodeSearch.SlotOf(leaf, key), 1);
                return;
            }

            var inner = (Inner)node;
            var slot = NodeSearch.ChildOf(inner, key);
            var child = NodeCopy.OwnChild(inner, slot, _superseded);
            RemoveBelow(child, key);
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

        private void Grow(Node upper)
        {
            var root = new Inner(_owner);
            NodeEdit.Insert(root, 0, [], _root);
            NodeEdit.Insert(root, 1, NodeEdit.SeparatorOf(_root, upper), upper);
            _root = root;
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
