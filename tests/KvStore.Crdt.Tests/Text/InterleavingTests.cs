using System.Text;

namespace KvStore.Crdt.Tests;

/// <summary>Runs that replicas type at one place without knowing of each other stay whole, forwards and backwards.</summary>
public sealed class InterleavingTests
{
    [Fact]
    public void Runs_TypedAtOnce_StayWhole() => Histories.Check(500, Run);

    [Theory]
    [InlineData(false, "[aaaabbbb]", "[bbbbaaaa]")]
    [InlineData(true, "[aaaabbbb]", "[bbbbaaaa]")]
    public void Runs_TypedBetweenTheSameNeighbors_FollowEachOther(bool isBackwards, params string[] allowed)
    {
        var first = (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
        first.Insert(0, "[]");
        var second = (TextReplica)Samples.Load(first.Encode(), 2);
        for (var i = 0; i < 4; i++)
        {
            first.Insert(isBackwards ? 1 : 1 + i, "a");
            second.Insert(isBackwards ? 1 : 1 + i, "b");
        }

        first.Merge(second.Encode());
        Assert.Contains(first.GetText(), allowed);
    }

    private static void Run(byte[] history)
    {
        var hub = (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(100));
        hub.Insert(0, "..........");
        foreach (var (_, _, a, b) in Histories.Steps(history).Take(10))
            Edit(hub, a, b, '.');

        var replicas = Enumerable.Range(0, 2 + (history.Length % 4)).Select(i => (TextReplica)Samples.Load(hub.Encode(), (ulong)(i * 7919 % 13) + 1)).ToArray();
        var place = history.Length % (hub.Length + 1);
        for (var i = 0; i < replicas.Length; i++)
        {
            // Forwards, backwards, and forwards with a deletion and new text in between.
            var direction = (history.Length / 4) + i;
            for (var count = 0; count < 5; count++)
                replicas[i].Insert(direction % 3 == 1 ? place : place + count, $"{(char)('a' + i)}");
            if (direction % 3 == 2)
            {
                replicas[i].Delete(place + 2, 3);
                replicas[i].Insert(place + 2, $"{(char)('a' + i)}");
            }
        }

        foreach (var replica in replicas)
            Assert.Equal(MergeOutcome.Merged, hub.Merge(replica.Encode()));
        var text = hub.GetText();
        for (var i = 0; i < replicas.Length; i++)
        {
            var (start, end) = (text.IndexOf((char)('a' + i), StringComparison.Ordinal), text.LastIndexOf((char)('a' + i)));
            Assert.True(text[start..(end + 1)].All(c => c == 'a' + i), text);
        }
    }

    private static void Edit(TextReplica text, byte a, byte b, char added)
    {
        if (b % 2 == 0)
            text.Insert(a % (text.Length + 1), new string(added, 1 + (b % 5)));
        else
            text.Delete(a % Math.Max(1, text.Length), Math.Min(text.Length - (a % text.Length), b % 4));
        if (text.Length == 0)
            text.Insert(0, new StringBuilder().Append(added).ToString());
    }
}
