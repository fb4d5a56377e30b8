using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>
/// A node of the index: a sorted run of slots. Whoever holds <see cref="Owner"/> may change it; to everybody else it is immutable.
/// </summary>
/// <remarks>
/// All keys of a node start with the same <see cref="PrefixLength"/> bytes, and <see cref="Heads"/> holds the eight bytes
/// after them, so that most comparisons do not touch the memory of a key. The arrays lie in the node itself: a node is one
/// object for the collector and one dependent cache miss for a reader.
/// </remarks>
internal abstract class Node
{
    /// <summary>Slots of a node. Chosen by the quick benchmark; see docs/adr/0001-ordered-index.md.</summary>
    public const int Capacity = 32;

    /// <summary>Bytes of a prefix that lie in the node itself.</summary>
    public const int NearPrefix = 16;

    /// <summary>A node that has less after a removal is joined with a neighbour.</summary>
    public const int Sparse = Capacity / 4;

    /// <summary>What a node that is not the root has at least: that much is left to the upper node when keys come in order.</summary>
    public const int Least = Capacity / 8;

    /// <summary>What the unused end of <see cref="Heads"/> holds: nothing is greater, so a search need not know the count.</summary>
    public const long NoHead = long.MaxValue;

    /// <summary>The head of an inner node's first slot: nothing is less, so that a search may count it.</summary>
    public const long FirstHead = long.MinValue;

    /// <summary>The builder state that may change this node; see <see cref="NodeCopy"/>.</summary>
    public long Owner;

    /// <summary>Slots in use.</summary>
    public int Count;

    /// <summary>Bytes that all keys of this node start with; not always the most that they have in common.</summary>
    public int PrefixLength;

    /// <summary>The prefix's first bytes, so that a search need not follow a slot to read them.</summary>
    public PrefixArray Prefix;

    /// <summary>The eight bytes after the prefix of each slot's key, as numbers in key order.</summary>
    public HeadArray Heads;

    /// <summary>Entries below this node.</summary>
    public abstract int Total { get; }

    /// <summary>The bytes that a slot is ordered by.</summary>
    public abstract ReadOnlySpan<byte> KeyAt(int slot);

    /// <summary>The first slot that has a key: everything below an inner node's first child is in that child.</summary>
    public abstract int FirstKeyed { get; }

    /// <summary>A node of the same kind without slots.</summary>
    public abstract Node CreateEmpty(long owner);

    /// <summary>Copies slots to another node of the same kind, or within this one.</summary>
    public abstract void CopySlots(int from, int count, Node to, int at);

    /// <summary>Copies all slots to a node of the same kind that has none.</summary>
    public virtual void CopyAllSlots(Node to) => CopySlots(0, Count, to, 0);

    /// <summary>Lets go of what slots refer to.</summary>
    protected abstract void ClearSlots(int from, int count);

    /// <summary>Makes room for slots.</summary>
    public void OpenGap(int at, int count)
    {
        CopySlots(at, Count - at, this, at + count);
        Count += count;
    }

    /// <summary>Takes slots out.</summary>
    public void CloseGap(int at, int count)
    {
        CopySlots(at + count, Count - at - count, this, at);
        Truncate(Count - count);
    }

    /// <summary>Drops the slots from a position on.</summary>
    public void Truncate(int count)
    {
        ((Span<long>)Heads)[count..Count].Fill(NoHead);
        ClearSlots(count, Count - count);
        Count = count;
        if (Count <= FirstKeyed)
            PrefixLength = 0;
        if (FirstKeyed > 0)
            Heads[0] = FirstHead;
    }

    [InlineArray(NearPrefix)]
    internal struct PrefixArray
    {
        private byte _first;
    }

    [InlineArray(Capacity)]
    internal struct HeadArray
    {
        private long _first;
    }
}

/// <summary>A node that holds entries.</summary>
internal sealed class Leaf : Node
{
    public EntryArray Entries;

    /// <summary>The leaf of an index without entries. Nobody owns it.</summary>
    public static Leaf Empty { get; } = new(owner: 0);

    public Leaf(long owner)
    {
        Owner = owner;
        ((Span<long>)Heads).Fill(NoHead);
    }

    public override int Total => Count;

    public override int FirstKeyed => 0;

    public override ReadOnlySpan<byte> KeyAt(int slot) => Entries[slot].KeyUtf8;

    public override Node CreateEmpty(long owner) => new Leaf(owner);

    public override void CopySlots(int from, int count, Node to, int at)
    {
        var target = (Leaf)to;
        ((ReadOnlySpan<long>)Heads).Slice(from, count).CopyTo(((Span<long>)target.Heads)[at..]);
        ((ReadOnlySpan<Entry>)Entries).Slice(from, count).CopyTo(((Span<Entry>)target.Entries)[at..]);
    }

    protected override void ClearSlots(int from, int count) => ((Span<Entry>)Entries).Slice(from, count).Clear();

    [InlineArray(Capacity)]
    internal struct EntryArray
    {
        private Entry _first;
    }
}

/// <summary>
/// A node that holds other nodes. A slot's separator is at most the least key below its child, and greater than every key
/// below the child before it. The first slot's separator and head have no meaning.
/// </summary>
internal sealed class Inner : Node
{
    public ChildArray Children;

    /// <summary>Entries below each child.</summary>
    public TotalArray Totals;

    private SeparatorRun _separators = SeparatorRun.Empty;

    public Inner(long owner)
    {
        Owner = owner;
        ((Span<long>)Heads).Fill(NoHead);
    }

    public override int Total
    {
        get
        {
            var total = 0;
            foreach (var below in ((ReadOnlySpan<int>)Totals)[..Count])
                total += below;
            return total;
        }
    }

    public override int FirstKeyed => 1;

    public override ReadOnlySpan<byte> KeyAt(int slot) => _separators.Keys[slot];

    public byte[]? SeparatorAt(int slot) => _separators.Keys[slot];

    public void SetSeparator(int slot, byte[]? separator) => OwnSeparators()[slot] = separator;

    public override Node CreateEmpty(long owner) => new Inner(owner);

    public override void CopySlots(int from, int count, Node to, int at)
    {
        var target = (Inner)to;
        ((ReadOnlySpan<long>)Heads).Slice(from, count).CopyTo(((Span<long>)target.Heads)[at..]);
        ((ReadOnlySpan<byte[]?>)_separators.Keys).Slice(from, count).CopyTo(target.OwnSeparators()[at..]);
        ((ReadOnlySpan<Node?>)Children).Slice(from, count).CopyTo(((Span<Node?>)target.Children)[at..]);
        ((ReadOnlySpan<int>)Totals).Slice(from, count).CopyTo(((Span<int>)target.Totals)[at..]);
    }

    public override void CopyAllSlots(Node to)
    {
        var target = (Inner)to;
        target.Heads = Heads;
        target.Children = Children;
        target.Totals = Totals;
        target._separators = _separators;
    }

    protected override void ClearSlots(int from, int count)
    {
        OwnSeparators().Slice(from, count).Clear();
        ((Span<Node?>)Children).Slice(from, count).Clear();
        ((Span<int>)Totals).Slice(from, count).Clear();
    }

    private Span<byte[]?> OwnSeparators()
    {
        if (_separators.Owner != Owner)
            _separators = new(Owner) { Keys = _separators.Keys };
        return _separators.Keys;
    }

    /// <summary>The child that holds the entry at a position.</summary>
    /// <param name="position">In: among all entries below this node. Out: among those below the child.</param>
    public int ChildAt(ref int position)
    {
        var slot = 0;
        foreach (var below in ((ReadOnlySpan<int>)Totals)[..(Count - 1)])
        {
            if (position < below)
                break;
            position -= below;
            slot++;
        }

        return slot;
    }

    [InlineArray(Capacity)]
    internal struct ChildArray
    {
        private Node? _first;
    }

    [InlineArray(Capacity)]
    internal struct TotalArray
    {
        private int _first;
    }
}

/// <summary>
/// The separators of an inner node, shared by its copies: most writes put a new child in the place of an old one and leave
/// them as they are, and they are a third of the node. Whose number is in it may change it, as with nodes.
/// </summary>
internal sealed class SeparatorRun(long owner)
{
    public SeparatorArray Keys;

    public static SeparatorRun Empty { get; } = new(owner: 0);

    public long Owner { get; } = owner;

    [InlineArray(Node.Capacity)]
    internal struct SeparatorArray
    {
        private byte[]? _first;
    }
}
