namespace KvStore.Crdt.Tests;

/// <summary>The estimate of a replica's memory, beside what the collector measures.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    public static TheoryData<string> Shapes => [.. Makers.Keys];

    private static Dictionary<string, Func<CrdtReplica>> Makers { get; } = new()
    {
        ["typed text"] = () => Text(200_000, _ => "x", isAtEnd: true),
        ["pasted text"] = () => Text(20, _ => new string('x', 100_000), isAtEnd: true),
        ["scattered edits"] = () => Text(20_000, i => i % 3 == 0 ? null : "xy", isAtEnd: false),
        ["set of words"] = () => Set(20_000, i => $"element {i}", isTwice: false),
        ["set, added twice"] = () => Set(20_000, i => $"{i}", isTwice: true),
        ["counter of many replicas"] = Counter,
        ["text of many authors"] = Authors,
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void MemoryBytes_IsWithinTwice(string shape)
    {
        var make = Makers[shape];
        make();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var replica = make();
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(replica.MemoryBytes, bytes / 2, bytes * 2);
        GC.KeepAlive(replica);
    }

    private static TextReplica Text(int edits, Func<int, string?> typed, bool isAtEnd)
    {
        var random = new Random(1);
        var text = (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
        for (var i = 0; i < edits; i++)
        {
            var position = isAtEnd ? text.Length : random.Next(text.Length + 1);
            if (typed(i) is { } inserted)
                text.Insert(position, inserted);
            else
                text.Delete(position, Math.Min(1, text.Length - position));
        }

        return text;
    }

    private static SetReplica Set(int elements, Func<int, string> element, bool isTwice)
    {
        var set = (SetReplica)MergeableValue.Create(CrdtType.ORSet, new ReplicaId(1));
        var other = Samples.Load(set.Encode(), 2);
        string[] all = [.. Enumerable.Range(0, elements).Select(element)];
        set.Change(all, [], null, out _);
        if (isTwice)
        {
            ((SetReplica)other).Change(all, [], null, out _);
            set.Merge(other.Encode());
        }

        return set;
    }

    private static CrdtReplica Counter()
    {
        var counter = MergeableValue.Create(CrdtType.PNCounter, new ReplicaId(1));
        var state = counter.Encode();
        for (var i = 2UL; i < 5000; i++)
        {
            var other = (CounterReplica)Samples.Load(state, i);
            other.Increment(1, out var delta);
            counter.Merge(delta);
        }

        return counter;
    }

    private static CrdtReplica Authors()
    {
        var text = MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
        var state = text.Encode();
        for (var i = 2UL; i < 3000; i++)
        {
            var other = (TextReplica)Samples.Load(state, i);
            other.Edit([new(0, "ab", 0), new(0, null, 1)], null, out var delta);
            text.Merge(delta);
        }

        return text;
    }
}
