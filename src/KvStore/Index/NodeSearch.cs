using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KvStore;

/// <summary>Finds the place of a key in a node.</summary>
internal static class NodeSearch
{
    /// <summary>Eight bytes of a key, starting at an offset, as a number with the order of the bytes.</summary>
    /// <remarks>Missing bytes count as zeros, so keys with equal heads may still differ in length.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long HeadOf(ReadOnlySpan<byte> key, int offset)
    {
        // The highest bit is flipped because vector instructions compare signed numbers.
        return (long)(Bytes(key, offset) ^ (1UL << 63));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static ulong Bytes(ReadOnlySpan<byte> key, int offset)
        {
            var rest = key.Length - offset;
            if (rest >= sizeof(ulong))
                return BinaryPrimitives.ReadUInt64BigEndian(key[offset..]);
            if (rest <= 0)
                return 0;
            return key.Length >= sizeof(ulong)
                ? BinaryPrimitives.ReadUInt64BigEndian(key[^sizeof(ulong)..]) << (8 * (sizeof(ulong) - rest))
                : Few(key[offset..]);
        }

        static ulong Few(ReadOnlySpan<byte> bytes)
        {
            Span<byte> padded = stackalloc byte[sizeof(ulong)];
            padded.Clear();
            bytes.CopyTo(padded);
            return BinaryPrimitives.ReadUInt64BigEndian(padded);
        }
    }

    /// <summary>Counts the heads of a node that are less than <paramref name="head"/>.</summary>
    /// <remarks>A linear pass beats a binary search: its loads do not depend on each other, so a cold node costs about one cache miss instead of one per halving.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountBelow(ref readonly Node.HeadArray heads, long head)
    {
        var target = Vector256.Create(head);
        var count = Vector256<long>.Zero;
        foreach (var four in MemoryMarshal.Cast<long, Vector256<long>>((ReadOnlySpan<long>)heads))
            count -= Vector256.LessThan(four, target);
        return (int)Vector256.Sum(count);
    }

    /// <summary>The slot of a key in the only leaf that can have it, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SlotOf(Leaf leaf, ReadOnlySpan<byte> key)
    {
        // The prefix need not be compared: the full comparison below rejects keys with another one.
        var head = HeadOf(key, leaf.PrefixLength);
        for (var slot = CountBelow(in leaf.Heads, head); slot < leaf.Count && leaf.Heads[slot] == head; slot++)
        {
            if (leaf.Entries[slot].KeyUtf8.SequenceEqual(key))
                return slot;
        }

        return -1;
    }

    /// <summary>Counts the slots of a node whose key is less than a key. Slots without a key count as less.</summary>
    public static int LowerBound(Node node, ReadOnlySpan<byte> key) => Bound(node, key, equalCounts: false);

    /// <summary>The slot of the child that a key belongs to.</summary>
    public static int ChildOf(Inner inner, ReadOnlySpan<byte> key) => Bound(inner, key, equalCounts: true) - 1;

    /// <summary>The length of the common prefix of two keys, in bytes.</summary>
    public static int CommonPrefix(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.CommonPrefixLength(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bound(Node node, ReadOnlySpan<byte> key, bool equalCounts)
    {
        var order = ComparePrefix(node, key);
        if (order != 0)
            return order < 0 ? node.FirstKeyed : node.Count;

        var head = HeadOf(key, node.PrefixLength);
        var slot = Math.Max(CountBelow(in node.Heads, head), node.FirstKeyed);
        return slot < node.Count && node.Heads[slot] == head ? BoundAmongEqualHeads(node, key, slot, equalCounts) : slot;
    }

    // Zero when the key has the prefix, else its order relative to every key of the node.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ComparePrefix(Node node, ReadOnlySpan<byte> key)
    {
        if (node.PrefixLength <= Node.NearPrefix && key.Length >= Node.NearPrefix)
        {
            var equal = Vector128.Equals(Vector128.Create(key), Vector128.Create((ReadOnlySpan<byte>)node.Prefix)).ExtractMostSignificantBits();
            var differing = ~equal & ((1u << node.PrefixLength) - 1);
            if (differing == 0)
                return 0;
            var at = BitOperations.TrailingZeroCount(differing);
            return key[at] - node.Prefix[at];
        }

        return CompareLongPrefix(node, key);
    }

    private static int CompareLongPrefix(Node node, ReadOnlySpan<byte> key)
    {
        var prefix = node.PrefixLength <= Node.NearPrefix
            ? ((ReadOnlySpan<byte>)node.Prefix)[..node.PrefixLength]
            : node.KeyAt(node.FirstKeyed)[..node.PrefixLength];
        return key.StartsWith(prefix) ? 0 : key.SequenceCompareTo(prefix);
    }

    private static int BoundAmongEqualHeads(Node node, ReadOnlySpan<byte> key, int low, bool equalCounts)
    {
        var head = node.Heads[low];
        var high = head == Node.NoHead ? node.Count : CountBelow(in node.Heads, head + 1);
        key = key[node.PrefixLength..];
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var order = node.KeyAt(middle)[node.PrefixLength..].SequenceCompareTo(key);
            if (order < 0 || (order == 0 && equalCounts))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
