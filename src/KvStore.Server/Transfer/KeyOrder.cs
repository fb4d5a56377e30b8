using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>Sorts entries by their keys. Those with the same key keep their order.</summary>
/// <remarks>
/// Keys of one import mostly share a prefix. The eight bytes after it are compared as a number, which decides nearly always without touching the memory of a key.
/// </remarks>
internal static class KeyOrder
{
    public static void Sort(List<EntryDraft> drafts)
    {
        var prefix = SharedPrefix(drafts);
        var places = new Place[drafts.Count];
        for (var i = 0; i < places.Length; i++)
            places[i] = new Place(HeadOf(drafts[i].Key.Utf8[prefix..]), i);
        var unsorted = drafts.ToArray();
        Array.Sort(places, (left, right) => left.Head != right.Head ? left.Head.CompareTo(right.Head)
            : unsorted[left.Index].Key.CompareTo(unsorted[right.Index].Key) is var order and not 0 ? order
            : left.Index.CompareTo(right.Index));
        var sorted = CollectionsMarshal.AsSpan(drafts);
        for (var i = 0; i < places.Length; i++)
            sorted[i] = unsorted[places[i].Index];
    }

    // The bytes with which all keys begin.
    private static int SharedPrefix(List<EntryDraft> drafts)
    {
        var first = drafts[0].Key.Utf8;
        var length = first.Length;
        foreach (var draft in drafts)
            length = first[..length].CommonPrefixLength(draft.Key.Utf8);
        return length;
    }

    // A key that ends earlier is padded with zeros, which are not greater than what another key has there.
    private static ulong HeadOf(ReadOnlySpan<byte> key)
    {
        if (BinaryPrimitives.TryReadUInt64BigEndian(key, out var head))
            return head;
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        key.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private readonly record struct Place(ulong Head, int Index);
}
