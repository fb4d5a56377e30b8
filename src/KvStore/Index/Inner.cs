using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>
/// A node of other nodes. A slot's separator is at most the least key below its child, and greater than every key
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

    // With separators of its own, although a copy usually shares them.
    public override long MemoryBytes => BaseBytes + Capacity * (HeapSize.Reference + sizeof(int)) + HeapSize.Reference + SeparatorRun.MemoryBytes;

    public override EntrySizes SizesOf(int from, int count)
    {
        var sizes = default(EntrySizes);
        foreach (var child in ((ReadOnlySpan<Node?>)Children).Slice(from, count))
            sizes += child!.Sizes;
        return sizes;
    }

    public override ReadOnlySpan<byte> KeyAt(int slot) => _separators.Keys[slot];

    public byte[]? SeparatorAt(int slot) => _separators.Keys[slot];

    public void SetSeparator(int slot, byte[]? separator) => OwnSeparators()[slot] = separator;

    /// <summary>The slot of the child that has the entry at a position.</summary>
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
