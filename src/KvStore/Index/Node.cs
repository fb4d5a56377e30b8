using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>A node of the index: a sorted run of slots. The builder with the number <see cref="Owner"/> may change it; for everything else it is immutable.</summary>
/// <remarks>
/// All keys of a node start with the same <see cref="PrefixLength"/> bytes, and <see cref="Heads"/> has the eight bytes
/// after them, so most comparisons do not touch the memory of a key. The arrays are inline: a node is one
/// object for the collector and one dependent cache miss for a reader.
/// </remarks>
internal abstract class Node
{
    /// <summary>Slots of a node. Chosen by the quick benchmark; see docs/adr/0001-ordered-index.md.</summary>
    public const int Capacity = 32;

    /// <summary>Bytes of the prefix that are stored in the node itself.</summary>
    public const int NearPrefix = 16;

    /// <summary>A node with fewer slots after a removal is joined with a neighbour.</summary>
    public const int Sparse = Capacity / 4;

    /// <summary>The fewest slots of a node other than the root: the share of the upper node when keys arrive in order.</summary>
    public const int Least = Capacity / 8;

    /// <summary>Fills the unused end of <see cref="Heads"/>: nothing is greater, so a search need not know the count.</summary>
    public const long NoHead = long.MaxValue;

    /// <summary>The head of an inner node's first slot: nothing is less, so a search may count it.</summary>
    public const long FirstHead = long.MinValue;

    /// <summary>The bytes on the heap of what all nodes have.</summary>
    protected const long BaseBytes = HeapSize.Object + sizeof(long) + 2 * sizeof(int) + NearPrefix + Capacity * sizeof(long) + 2 * sizeof(long);

    /// <summary>The number of the builder that may change this node; see <see cref="NodeCopy"/>.</summary>
    public long Owner;

    /// <summary>Slots in use.</summary>
    public int Count;

    /// <summary>Bytes that all keys of this node start with; not always their longest common prefix.</summary>
    public int PrefixLength;

    /// <summary>The first bytes of the prefix, so that a search need not follow a slot to read them.</summary>
    public PrefixArray Prefix;

    /// <summary>The eight bytes after the prefix of each slot's key, as numbers in key order.</summary>
    public HeadArray Heads;

    /// <summary>
    /// The sizes of the entries below this node. In the node rather than per child, as the totals are: a write copies each node of its path, and
    /// only the removal of a range needs the sizes of children.
    /// </summary>
    public EntrySizes Sizes;

    /// <summary>Entries below this node.</summary>
    public abstract int Total { get; }

    /// <summary>The bytes of the node on the heap.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>The sizes of the entries in, or below, some slots; reads each of them.</summary>
    public abstract EntrySizes SizesOf(int from, int count);

    /// <summary>The bytes that order a slot.</summary>
    public abstract ReadOnlySpan<byte> KeyAt(int slot);

    /// <summary>The first slot that has a key: the first child of an inner node needs none.</summary>
    public abstract int FirstKeyed { get; }

    /// <summary>A node of the same kind without slots.</summary>
    public abstract Node CreateEmpty(long owner);

    /// <summary>Copies slots to another node of the same kind, or within this one.</summary>
    public abstract void CopySlots(int from, int count, Node to, int at);

    /// <summary>Copies all slots to a node of the same kind that has none.</summary>
    public virtual void CopyAllSlots(Node to) => CopySlots(0, Count, to, 0);

    /// <summary>Drops the references of slots, so that the collector can free what they refer to.</summary>
    protected abstract void ClearSlots(int from, int count);

    /// <summary>Makes room for slots.</summary>
    public void OpenGap(int at, int count)
    {
        CopySlots(at, Count - at, this, at + count);
        Count += count;
    }

    /// <summary>Removes slots.</summary>
    public void CloseGap(int at, int count)
    {
        CopySlots(at + count, Count - at - count, this, at);
        Truncate(Count - count);
    }

    /// <summary>Removes all slots but the first <paramref name="count"/>.</summary>
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
