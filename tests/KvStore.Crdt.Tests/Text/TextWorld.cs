namespace KvStore.Crdt.Tests;

/// <summary>
/// The strong list specification: an edit does to the text what it says, and one order of all elements that ever were agrees with every text that any
/// replica ever had. Every inserted scalar is another one.
/// </summary>
internal sealed class TextWorld(int replicas, bool collects = true) : World<TextReplica>(CrdtType.Text, replicas, collects)
{
    private readonly Dictionary<int, HashSet<int>> _after = [];
    private int _next;

    protected override byte[]? Change(TextReplica replica, byte a, byte b)
    {
        var before = replica.Version;
        var expected = Scalars(replica);
        var position = a % (expected.Count + 1);
        if (b % 3 == 2)
        {
            var count = Math.Min(expected.Count - position, 1 + (b / 64));
            Assert.Equal(count == 0 ? IntentOutcome.Unchanged : IntentOutcome.Applied, replica.Delete(position, count));
            expected.RemoveRange(position, count);
        }
        else
        {
            var added = Enumerable.Range(0, 1 + (b / 64)).Select(_ => NextScalar()).ToArray();
            Assert.Equal(IntentOutcome.Applied, replica.Insert(position, string.Concat(added.Select(char.ConvertFromUtf32))));
            expected.InsertRange(position, added);
        }

        Assert.Equal(expected, Scalars(replica));
        return replica.DeltaSince(before);
    }

    protected override void AssertInvariants(TextReplica replica)
    {
        var text = Scalars(replica);
        Assert.Equal(replica.Length, text.Count);
        for (var i = 1; i < text.Count; i++)
        {
            if (!_after.TryGetValue(text[i - 1], out var after))
                _after.Add(text[i - 1], after = []);
            after.Add(text[i]);
        }
    }

    protected override object Read(TextReplica replica) => replica.GetText();

    protected override void AssertModel()
    {
        // Takes away what nothing comes before: if something is left, there is a circle, and no order.
        var before = _after.Values.SelectMany(after => after).CountBy(scalar => scalar).ToDictionary();
        var first = new Queue<int>(_after.Keys.Where(scalar => !before.ContainsKey(scalar)));
        while (first.TryDequeue(out var scalar))
        {
            foreach (var next in _after.GetValueOrDefault(scalar, []))
            {
                if (--before[next] == 0)
                    first.Enqueue(next);
            }
        }

        Assert.DoesNotContain(before, entry => entry.Value > 0);
    }

    private static List<int> Scalars(TextReplica replica) => [.. replica.GetText().EnumerateRunes().Select(rune => rune.Value)];

    // Of one, three and four bytes, and of one and two UTF-16 code units.
    private int NextScalar() => (++_next % 3) switch
    {
        0 => 0x20000 + _next,
        1 => 0x4E00 + _next,
        _ when _next < 90 => ' ' + _next,
        _ => 0x3000 + _next,
    };
}
