using System.Diagnostics;

namespace KvStore.Crdt.Tests;

/// <summary>
/// Deltas of a megabyte that were made to be costly. What grows with the square of their size takes minutes; the bound leaves room for a busy machine.
/// </summary>
[CollectionDefinition(nameof(HostileCostTests), DisableParallelization = true)]
[Collection(nameof(HostileCostTests))]
public sealed class HostileCostTests
{
    private const int BytesMax = 1 << 20;
    private const int SecondsMax = 5;

    // Under each element of a deep chain another child, beside the chain: where it goes is after, or before, all that is below.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Merge_OfSiblingsOfADeepChain_IsQuick(bool isLeft)
    {
        const int Depth = 60_000;
        var kind = isLeft ? TextRunKind.InsertLeft : TextRunKind.InsertRight;
        var text = New();
        var chain = new HostileText(text.Lineage);
        chain.Add(20, TextRunKind.InsertAtStart);
        for (var i = 1UL; i < Depth; i++)
            chain.Add(20 + (i % 2), kind, 20 + ((i - 1) % 2), ((i - 1) / 2) + 1);
        Merge(text, chain.Encode());

        foreach (var author in (ulong[])[30, 10])
        {
            var siblings = new HostileText(text.Lineage);
            siblings.Add(20, TextRunKind.Gap, length: Depth / 2);
            siblings.Add(21, TextRunKind.Gap, length: Depth / 2);
            for (var i = 0UL; i < Depth; i++)
                siblings.Add(author, kind, 20 + (i % 2), (i / 2) + 1);
            Merge(text, siblings.Encode());
        }

        Assert.Equal(Depth * 3, text.Length);
        Assert.Equal(text.Encode(), Samples.Load(text.Encode(), 9).Encode());
    }

    // All below the start of the text, the later ones before the earlier ones.
    [Fact]
    public void Merge_OfManySiblings_IsQuick()
    {
        var text = New();
        foreach (var author in (ulong[])[30, 20, 10])
        {
            var siblings = new HostileText(text.Lineage);
            for (var i = 0; i < 200_000; i++)
                siblings.Add(author, TextRunKind.InsertAtStart);
            Merge(text, siblings.Encode());
        }

        Assert.Equal(600_000, text.Length);
        Assert.Equal(IntentOutcome.Applied, text.Insert(0, "x"));
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(200_000, "x", 300_000)], text.Version, out _));
    }

    // Two bytes for each deleted element, which is the most that bytes can make.
    [Fact]
    public void Merge_OfDeletedElements_TakesBoundedMemory()
    {
        const int Elements = 250_000;
        var text = New();
        var deleted = new HostileText(text.Lineage);
        deleted.Add(20, TextRunKind.InsertAtStart, hasContent: false);
        for (var i = 1UL; i < Elements; i++)
            deleted.Add(20, TextRunKind.InsertLeft, 20, i, hasContent: false);
        deleted.Add(30, TextRunKind.DeleteUpwards, 20, 1, Elements);
        var bytes = deleted.Encode();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Merge(text, bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300L * bytes.Length);
        Assert.InRange(text.MemoryBytes, 0, 100L * bytes.Length);
        Assert.Equal(0, text.Length);

        Work(text, () => text.Collect([], text.Version, 0));
        Work(text, () => text.Collect([], text.Version, 0));
        Assert.InRange(text.MemoryBytes, 0, 10_000);
    }

    // Each of many authors deletes everything; then every other element, which has no children, could be dropped.
    [Fact]
    public void Collect_OfWhatManyDeleted_IsQuick()
    {
        const int Elements = 10_000;
        const int Deleters = 10_000;
        var text = New();
        var delta = new HostileText(text.Lineage);
        for (var i = 0UL; i < Elements; i++)
            delta.Add(20, TextRunKind.InsertAtStart, hasContent: false);
        for (var i = 1UL; i <= Elements; i += 2)
            delta.Add(30, TextRunKind.InsertRight, 20, i);
        for (var i = 0UL; i < Deleters; i++)
            delta.Add(100 + i, TextRunKind.DeleteUpwards, 20, 1, Elements);
        Merge(text, delta.Encode());
        Work(text, () => text.Collect([], text.Version, 0));
        Work(text, () => text.Collect([], text.Version, 0));
        Assert.InRange(text.MemoryBytes, 0, 100L * BytesMax);
        Assert.Equal(Elements / 2, text.Length);
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfACollectionOfManyReplicas_IsQuick(CrdtType type)
    {
        const int Replicas = 40_000;
        var hub = MergeableValue.Create(type, new ReplicaId(1));
        var header = new DeltaHeader(type, hub.Lineage, 0, null, [.. Enumerable.Range(0, Replicas).Select(i => new Interval(new ReplicaId((ulong)i + 10), 0, 1))]);
        var writer = new DeltaWriter();
        header.Write(writer);
        for (var i = 0; i < Replicas; i++)
            writer.Write(type switch { CrdtType.GCounter => [1], CrdtType.PNCounter => (byte[])[1, 0], CrdtType.GSet => [1, 0, 0], CrdtType.ORSet => [1, 0, 0, 0], _ => [5] });
        if (type == CrdtType.Text)
            writer.WriteNumber(0);
        var delta = writer.Written.ToArray();
        Merge(hub, delta);
        var other = Samples.Load(hub.Encode(), 2);
        Work(hub, () => hub.Collect([.. header.Intervals.Select(interval => interval.Replica)], VersionVector.Empty, 0));
        if (type is CrdtType.GSet or CrdtType.ORSet)
            return;
        Assert.Equal(0, hub.Version.Count);
        Merge(other, hub.Encode());
        Assert.Equal(hub.Encode(), other.Encode());
    }

    // All additions of one element; their names would have the same hash code if it had no seed.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Merge_OfOneElementAddedOften_IsQuick(bool isBySeveral)
    {
        var count = isBySeveral ? 60_000 : 100_000;
        var set = (SetReplica)MergeableValue.Create(CrdtType.ORSet, new ReplicaId(1));
        Interval[] intervals = isBySeveral
            ? [.. Enumerable.Range(1, count).Select(i => new Interval(Colliding(i), 0, 1))]
            : [new Interval(new ReplicaId(7), 0, Dot.SequenceMax)];
        Merge(set, Encode(set, intervals, writer =>
        {
            foreach (var interval in intervals)
            {
                writer.WriteNumber((ulong)(count / intervals.Length));
                for (var i = 0; i < count / intervals.Length; i++)
                {
                    writer.WriteNumber(isBySeveral || i == 0 ? 0 : 1UL << 32);
                    writer.Write("");
                }

                writer.WriteNumber(0);
            }
        }));
        Assert.Equal([""], set.Elements);

        var other = (SetReplica)Samples.Load(set.Encode(), 2);
        Work(other, () => Assert.Equal(IntentOutcome.Applied, other.Change([""], [], null, out _)));
        Merge(set, other.DeltaSince(set.Version)!);
        Work(set, () => Assert.Equal(IntentOutcome.Applied, set.Change([], [""], null, out _)));
        Assert.Empty(set.Elements);
    }

    private static ReplicaId Colliding(int i) => new(((ulong)i << 32) | (uint)i);

    private static byte[] Encode(CrdtReplica replica, Interval[] intervals, Action<DeltaWriter> body)
    {
        var writer = new DeltaWriter();
        new DeltaHeader(replica.Type, replica.Lineage, 0, null, intervals).Write(writer);
        body(writer);
        return writer.Written.ToArray();
    }

    private static void Merge(CrdtReplica replica, byte[] delta)
    {
        Assert.InRange(delta.Length, 1, 2 * BytesMax);
        Work(replica, () => Assert.Equal(MergeOutcome.Merged, replica.Merge(delta)));
    }

    private static void Work(CrdtReplica replica, Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine($"{elapsed.TotalMilliseconds:F0} ms, then {replica.MemoryBytes >> 10} KiB");
        Assert.InRange(elapsed.TotalSeconds, 0, SecondsMax);
    }

    private static TextReplica New() => (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
}
