namespace KvStore.Crdt.Tests;

/// <summary>Bytes that anyone may have sent: every outcome is a value, and costs what the bytes are long.</summary>
public sealed class HostileBytesTests
{
    [Theory]
    [MemberData(nameof(Samples.Types), MemberType = typeof(Samples))]
    public void Merge_OfMutatedBytes_NeverThrows(CrdtType type)
    {
        var random = Seed.NewRandom();
        var (first, second) = Samples.TwoOf(type);
        for (var number = 10; number < 20; number++)
            Samples.Change(number % 2 == 0 ? first : second, number);
        byte[][] sources = [first.Encode(), second.Encode(), second.DeltaSince(first.Version)!];
        for (var i = 0; i < 3000; i++)
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
