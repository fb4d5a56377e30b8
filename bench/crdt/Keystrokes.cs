using System.Diagnostics;
using System.Text.Json;
using KvStore.Crdt;

namespace KvStore.TraceReplay;

/// <summary>What a service does with a document of 100 kB for each keystroke, and to load it after many of them.</summary>
internal static class Keystrokes
{
    private const int Typed = 3000;

    public static void Measure(byte[] head)
    {
        var text = (TextReplica)MergeableValue.TryLoad(head, ReplicaId.Create())!;
        var deltas = new byte[Typed][];
        var (typing, allocated) = Each(i => text.Edit([new(text.Length / 3 + i, "x", 0)], null, out deltas[i]));
        var before = text.Version;
        var (behind, behindAllocated) = Each(i =>
        {
            var version = i % 10 == 0 ? before = text.Version : before;
            text.Edit([new(text.Length / 2, "y", 0)], version, out _);
        });

        var other = (TextReplica)MergeableValue.TryLoad(head, ReplicaId.Create())!;
        var (merging, mergeAllocated) = Each(i => other.Merge(deltas[i]));
        List<double> loads = [];
        for (var round = 0; round < 9; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var loaded = MergeableValue.TryLoad(head, ReplicaId.Create())!;
            foreach (var delta in deltas)
                loaded.Merge(delta);
            loads.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            deltaBytes = deltas[^1].Length,
            typing,
            allocated,
            behind,
            behindAllocated,
            merging,
            mergeAllocated,
            load = Math.Round(loads.Order().ElementAt(loads.Count / 2), 1),
        }));
    }

    // Microseconds and bytes allocated for each, without the first ones.
    private static (double Microseconds, long Bytes) Each(Action<int> action)
    {
        const int Warm = Typed / 3;
        for (var i = 0; i < Warm; i++)
            action(i);
        var (start, bytes) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        for (var i = Warm; i < Typed; i++)
            action(i);
        return (Math.Round(Stopwatch.GetElapsedTime(start).TotalMicroseconds / (Typed - Warm), 1), (GC.GetAllocatedBytesForCurrentThread() - bytes) / (Typed - Warm));
    }
}
