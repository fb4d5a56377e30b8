using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>A node of entries.</summary>
internal sealed class Leaf : Node
{
    public EntryArray Entries;

    /// <summary>The leaf of an index without entries. No builder owns it.</summary>
    public static Leaf Empty { get; } = new(owner: 0);

    public Leaf(long owner)
    {
        Owner = owner;
        ((Span<long>)Heads).Fill(NoHead);
    }

    public override int Total => Count;

    public override int FirstKeyed => 0;

    public override long MemoryBytes => BaseBytes + Capacity * HeapSize.Reference;

    public override EntrySizes SizesOf(int from, int count)
    {
        var sizes = default(EntrySizes);
        foreach (var entry in ((ReadOnlySpan<Entry>)Entries).Slice(from, count))
            sizes += EntrySizes.Of(entry);
        return sizes;
    }

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
