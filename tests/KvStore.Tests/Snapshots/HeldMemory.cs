using System.Runtime.InteropServices;

namespace KvStore.Tests;

/// <summary>Measures by reachability what held snapshots keep in memory and the latest one does not.</summary>
internal static class HeldMemory
{
    public static long Of(Snapshot latest, IEnumerable<Snapshot> held)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Visit(latest.Root, seen);
        return held.Sum(snapshot => Visit(snapshot.Root, seen));
    }

    private static long Visit(Entry entry, HashSet<object> seen)
    {
        Assert.True(MemoryMarshal.TryGetArray(entry.Value, out var value));
        var bytes = entry.OwnHeapBytes > 0 && seen.Add(entry.Encoded) ? entry.OwnHeapBytes : 0;
        return bytes + (seen.Add(value.Array!) ? HeapSize.OfArray(value.Array!.Length) : 0);
    }

    private static long Visit(Node node, HashSet<object> seen)
    {
        if (node.Owner == 0 || !seen.Add(node))
            return 0;
        var bytes = node.MemoryBytes;
        if (node is Leaf leaf)
        {
            foreach (var entry in ((ReadOnlySpan<Entry>)leaf.Entries)[..leaf.Count])
                bytes += Visit(entry, seen);
            return bytes;
        }

        var inner = (Inner)node;
        foreach (var child in ((ReadOnlySpan<Node?>)inner.Children)[..inner.Count])
            bytes += Visit(child!, seen);
        return bytes;
    }
}
