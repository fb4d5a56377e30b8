namespace KvStore.Crdt.Tests;

/// <summary>Bytes that anyone may have sent: every outcome is a value, and costs what the bytes are long.</summary>
public sealed class HostileBytesTests
{
    // KVSTORE_TEST_LONG=1 mutates a million.
    private static readonly int Mutations = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 1_000_000 : 3000;

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfMutatedBytes_NeverThrows(CrdtType type)
    {
        var random = Seed.NewRandom();
        var (first, second) = Samples.TwoOf(type);
        for (var number = 10; number < 20; number++)
            Samples.Change(number % 2 == 0 ? first : second, number);
        byte[][] sources = [first.Encode(), second.Encode(), second.DeltaSince(first.Version)!];
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(sources[i % sources.Length], random);
            var replica = Samples.Load(sources[0], 7);
            var outcome = replica.Merge(bytes);
            if (outcome == MergeOutcome.Merged)
                Samples.Change(replica, 777);
            else
                Assert.Equal(sources[0], replica.Encode());
            AssertSound(replica);
            if (MergeableValue.TryLoad(bytes, new ReplicaId(8)) is { } loaded)
                AssertSound(loaded);
        }
    }

    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void TryLoad_OfEveryPrefix_IsNothing(CrdtType type)
    {
        var state = Samples.TwoOf(type).First.Encode();
        for (var length = 0; length < state.Length; length++)
            Assert.Null(MergeableValue.TryLoad(state.AsSpan(0, length), new ReplicaId(7)));
        Assert.Null(MergeableValue.TryLoad([.. state, 0], new ReplicaId(7)));
    }

    [Fact]
    public void TryLoad_OfACountThatTheBytesCannotHold_AllocatesNothing() =>
        Assert.Null(MergeableValue.TryLoad([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], new ReplicaId(7)));

    // A state that was made up can say that the one who loads it has named almost all changes.
    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Change_WithoutNamesLeft_IsRefused(CrdtType type)
    {
        var writer = new DeltaWriter();
        new DeltaHeader(type, 1, 0, null, [new Interval(new ReplicaId(7), 0, Dot.SequenceMax)]).Write(writer);
        for (var left = type == CrdtType.Text ? Dot.SequenceMax : 0; left > 0; left -= Math.Min(left, TextRun.LengthMax))
            writer.WriteNumber(((Math.Min(left, TextRun.LengthMax) - 1) << 3) | (ulong)TextRunKind.Gap);
        writer.Write(type == CrdtType.ORSet || type == CrdtType.PNCounter ? [0, 0] : (byte[])[0]);
        var replica = Samples.Load(writer.Written.ToArray(), 7);
        var state = replica.Encode();
        Assert.Equal(IntentOutcome.Overflow, replica switch
        {
            CounterReplica counter => counter.Increment(1),
            SetReplica set => set.Change(["a"], [], null, out _),
            TextReplica text => text.Edit([new(0, "a", 0)], null, out _),
            _ => throw new ArgumentException(type.ToString()),
        });
        Assert.Equal(state, replica.Encode());
        AssertSound(replica);
        if (replica is TextReplica same)
            Assert.Equal(IntentOutcome.Overflow, same.Insert(0, "a"));
    }

    // Of elements that were collected, deletions can be as many as there are numbers.
    [Fact]
    public void Encode_OfDeletionsWithoutElements_CanBeLoaded()
    {
        var writer = new DeltaWriter();
        new DeltaHeader(CrdtType.Text, 1, 0, null, [new Interval(new ReplicaId(7), 0, TextRun.LengthMax * 2), new Interval(new ReplicaId(8), 0, TextRun.LengthMax * 2)]).Write(writer);
        foreach (var kind in (TextRunKind[])[TextRunKind.Gap, TextRunKind.Gap, TextRunKind.DeleteUpwards, TextRunKind.DeleteUpwards])
        {
            writer.WriteNumber(((TextRun.LengthMax - 1) << 3) | (ulong)kind);
            if (kind == TextRunKind.DeleteUpwards)
            {
                // The next element after the cursor of the first replica.
                writer.WriteNumber((DeltaWriter.FromSigned(1) << 1) | 1);
                writer.WriteNumber(0);
            }
        }

        writer.WriteNumber(0);
        AssertSound(Samples.Load(writer.Written.ToArray(), 9));
        Assert.Equal(writer.Written.ToArray(), Samples.Load(writer.Written.ToArray(), 9).Encode());
    }

    private static void AssertSound(CrdtReplica replica) => Assert.Equal(replica.Encode(), Samples.Load(replica.Encode(), 9).Encode());

    private static byte[] Mutate(byte[] source, Random random)
    {
        var bytes = source.ToArray();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            // The first ten bytes say the format and the lineage: mostly left alone, because anything else is refused there.
            var at = random.Next(random.Next(20) == 0 ? 0 : 10, bytes.Length);
            bytes[at] = random.Next(4) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(bytes[at] ^ (1 << random.Next(8))),
                2 => (byte)(bytes[at] + 1),
                _ => (byte)(bytes[at] - 1),
            };
        }

        return random.Next(10) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }
}
