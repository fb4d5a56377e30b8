namespace KvStore.Crdt.Tests;

public sealed class EditingTraceTests
{
    [Theory]
    [InlineData("automerge-paper", 200_000)]
    [InlineData("friendsforever_flat", 60_000)]
    public void Replay_OfOneAuthor_EndsWithItsText(string name, int bytesMax)
    {
        var trace = EditingTrace.ReadOrSkip(name);
        var text = New();
        foreach (var patch in trace.Transactions.SelectMany(transaction => transaction.Patches))
            Apply(text, patch);
        Assert.Equal(trace.End, text.GetText());

        var state = text.Encode();
        Assert.InRange(state.Length, trace.End.Length, bytesMax);
        var loaded = (TextReplica)Samples.Load(state, 2);
        Assert.Equal(trace.End, loaded.GetText());
        Assert.Equal(state, loaded.Encode());
    }

    // Each author is a replica, which gets the others' edits as operations, one by one, before it makes those that follow them.
    [Theory]
    [InlineData("friendsforever")]
    [InlineData("clownschool")]
    public void Replay_OfSeveralAuthors_EndsWithTheirText(string name)
    {
        var trace = EditingTrace.ReadOrSkip(name);
        var first = New();
        var authors = Enumerable.Range(0, trace.Transactions.Max(transaction => transaction.Author) + 1)
            .Select(author => author == 0 ? first : (TextReplica)Samples.Load(first.Encode(), (ulong)author + 1)).ToArray();
        var operations = new byte[trace.Transactions.Length][];
        var seen = authors.Select(_ => new bool[trace.Transactions.Length]).ToArray();
        for (var i = 0; i < trace.Transactions.Length; i++)
        {
            var transaction = trace.Transactions[i];
            var author = authors[transaction.Author];
            Deliver(transaction.Parents, trace, operations, seen[transaction.Author], author);
            var before = author.Version;
            foreach (var patch in transaction.Patches)
                Apply(author, patch);
            operations[i] = author.DeltaSince(before)!;
            seen[transaction.Author][i] = true;
        }

        for (var author = 0; author < authors.Length; author++)
        {
            Deliver([.. Enumerable.Range(0, operations.Length)], trace, operations, seen[author], authors[author]);
            Assert.Equal(trace.End, authors[author].GetText());
            Assert.Equal(authors[0].Encode(), authors[author].Encode());
        }
    }

    // Everything before the given transactions, in the order of the trace.
    private static void Deliver(int[] transactions, EditingTrace trace, byte[][] operations, bool[] seen, TextReplica to)
    {
        var missing = new SortedSet<int>();
        var open = new Stack<int>(transactions);
        while (open.TryPop(out var transaction))
        {
            if (seen[transaction] || !missing.Add(transaction))
                continue;
            foreach (var parent in trace.Transactions[transaction].Parents)
                open.Push(parent);
        }

        foreach (var transaction in missing)
        {
            Assert.Equal(MergeOutcome.Merged, to.Merge(operations[transaction]));
            seen[transaction] = true;
        }
    }

    private static void Apply(TextReplica text, (int Position, int Deleted, string Inserted) patch)
    {
        Assert.NotEqual(IntentOutcome.OutOfRange, text.Delete(patch.Position, patch.Deleted));
        Assert.NotEqual(IntentOutcome.OutOfRange, text.Insert(patch.Position, patch.Inserted));
    }

    private static TextReplica New() => (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
}
