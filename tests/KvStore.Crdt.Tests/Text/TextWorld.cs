namespace KvStore.Crdt.Tests;

/// <summary>
/// The strong list specification: an edit does to the text what it says, and one order of all elements that ever were agrees with every text that any
/// replica ever had. Every inserted scalar is another one.
/// </summary>
internal sealed class TextWorld(int replicas, bool collects = true) : World<TextReplica>(CrdtType.Text, replicas, collects)
{
    private readonly Dictionary<int, HashSet<int>> _after = [];
    private readonly List<(VersionVector Version, List<int> Text)> _versions = [];
    private int _next;

    protected override byte[]? Change(TextReplica replica, byte a, byte b)
    {
        if (_versions.Count > 0 && b % 5 == 4)
            return ChangeAtBase(replica, _versions[a % _versions.Count], b);
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
        TreeInvariants.Check(replica.Tree);
        if (_versions.Count < 256)
            _versions.Add((replica.Version, text));
        Observe(text);
    }

    // Two edits in the text of a version. What they see is a text too that the order of all elements must agree with.
    private byte[]? ChangeAtBase(TextReplica replica, (VersionVector Version, List<int> Text) at, byte b)
    {
        var (before, state, text) = (replica.Version, replica.Encode(), Scalars(replica));
        var seen = at.Text.ToList();
        var first = new TextEdit(b % (seen.Count + 1), char.ConvertFromUtf32(NextScalar()), Math.Min(b % 4, seen.Count - (b % (seen.Count + 1))));
        Apply(first, seen, text);
        var second = new TextEdit(b * 7 % (seen.Count + 1), char.ConvertFromUtf32(NextScalar()) + char.ConvertFromUtf32(NextScalar()), 0);
        Apply(second, seen, text);

        var outcome = replica.Edit([first, second], at.Version, out var delta);
        if (outcome != IntentOutcome.Applied)
        {
            Assert.True(outcome == IntentOutcome.Collected || (outcome == IntentOutcome.Gap && !(before.Epoch >= at.Version.Epoch && before.Covers(at.Version))), outcome.ToString());
            Assert.Equal(state, replica.Encode());
            return null;
        }

        Observe(seen);
        Assert.Equal(text.Order(), Scalars(replica).Order());
        Assert.Equal(replica.DeltaSince(before), delta);
        return delta;
    }

    // Every scalar is another one, so the set says what must be left.
    private static void Apply(TextEdit edit, List<int> seen, List<int> text)
    {
        var deleted = seen.GetRange(edit.At, edit.Delete);
        var inserted = edit.Insert!.EnumerateRunes().Select(rune => rune.Value).ToArray();
        seen.RemoveRange(edit.At, edit.Delete);
        seen.InsertRange(edit.At, inserted);
        text.RemoveAll(deleted.Contains);
        text.AddRange(inserted);
    }

    private void Observe(List<int> text)
    {
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
