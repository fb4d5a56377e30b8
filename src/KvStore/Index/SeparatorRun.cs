using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>
/// The separators of an inner node, shared by its copies: most writes only replace a child and keep the separators, which are
/// a third of the node. <see cref="Owner"/> means the same as in a node.
/// </summary>
internal sealed class SeparatorRun(long owner)
{
    /// <summary>The bytes of the object on the heap, without the separators.</summary>
    public const long MemoryBytes = HeapSize.Object + sizeof(long) + Node.Capacity * HeapSize.Reference;

    public SeparatorArray Keys;

    public static SeparatorRun Empty { get; } = new(owner: 0);

    public long Owner { get; } = owner;

    [InlineArray(Node.Capacity)]
    internal struct SeparatorArray
    {
        private byte[]? _first;
    }
}
