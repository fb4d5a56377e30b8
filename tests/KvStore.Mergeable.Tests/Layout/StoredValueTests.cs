namespace KvStore.Mergeable.Tests;

public class StoredValueTests
{
    [Fact]
    public void Write_ThenRead_IsTheSame()
    {
        ReadOnlyMemory<byte>[] deltas = [new byte[1], new byte[200], new byte[20_000]];
        var head = new byte[300];
        byte[] value = [.. StoredValue.Write(7, ulong.MaxValue, [new(3, 20_000)], [new(new ReplicaId(9), 20_001), new(new ReplicaId(10), 0)], head).Span, .. StoredValue.WriteDeltas(deltas).Span];

        var stored = StoredValue.TryRead(value)!;
        Assert.Equal((7UL, ulong.MaxValue, 300), (stored.Creation, stored.Hub, stored.Head.Length));
        Assert.Equal([new EpochDay(3, 20_000)], stored.Epochs);
        Assert.Equal([new Member(new ReplicaId(9), 20_001), new Member(new ReplicaId(10), 0)], stored.Members);
        Assert.Equal([1, 200, 20_000], StoredValue.TryReadDeltas(value.AsMemory(stored.DeltasAt))!.Select(delta => delta.Length));
    }

    [Fact]
    public void Read_CutOrOfAnotherFormat_IsNull()
    {
        byte[] value = [.. StoredValue.Write(1, 2, [new(1, 1)], [new(new ReplicaId(9), 300)], new byte[40]).Span, .. StoredValue.WriteDeltas([new byte[5]]).Span];
        var start = StoredValue.TryRead(value)!.DeltasAt;
        Assert.All(Enumerable.Range(0, start), length => Assert.Null(StoredValue.TryRead(value.AsMemory(0, length))));
        Assert.All(Enumerable.Range(start + 1, 5), length => Assert.Null(StoredValue.TryReadDeltas(value.AsMemory(start, length - start))));
        value[0] = 2;
        Assert.Null(StoredValue.TryRead(value));
    }

    [Fact]
    public void IsValid_AnyBytes_NeverThrows()
    {
        var random = Seed.NewRandom();
        var replica = (TextReplica)MergeableValue.Create(CrdtType.Text, ReplicaId.Create());
        replica.Edit([new TextEdit(0, "abc", 0)], null, out _);
        byte[] value = [.. StoredValue.Write(1, 2, [], [new(replica.Self, 300)], replica.Encode()).Span];
        Assert.True(MergeableValues.IsValid(value));
        for (var i = 0; i < 2_000; i++)
        {
            var changed = value[..random.Next(value.Length + 1)];
            for (var j = random.Next(4); j > 0 && changed.Length > 0; j--)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            MergeableValues.IsValid(changed);
        }

        Assert.NotEqual(value, MergeableValues.TryRenew(value));
        Assert.True(MergeableValues.IsValid(MergeableValues.TryRenew(value)));
        Assert.Null(MergeableValues.TryRenew(value.AsSpan(1)));
    }
}
