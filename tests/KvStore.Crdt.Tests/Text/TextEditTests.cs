namespace KvStore.Crdt.Tests;

/// <summary>Lists of edits, in the present text and in that of a version.</summary>
public sealed class TextEditTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 20_000 : 1000;

    [Fact]
    public void Edit_OfThePresent_CountsInTheTextThatTheEditsBeforeLeft()
    {
        var text = New("hello world");
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(5, "X", 0), new(9, null, 2), new(0, "\U0001F600", 1), new(1, "a", 0)], null, out var delta));
        Assert.Equal("\U0001F600aelloX wod", text.GetText());
        Assert.NotEmpty(delta);
    }

    [Fact]
    public void Edit_OfAVersion_DoesNotCountWhatWasInsertedSince()
    {
        var text = New("hello world");
        var version = text.Version;
        text.Insert(0, "oh, ");
        text.Delete(4, 6);
        Assert.Equal("oh, world", text.GetText());
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(6, "my ", 0), new(9 + 5, "s", 0), new(0, null, 2)], version, out _));
        Assert.Equal("oh, my worlds", text.GetText());
    }

    [Fact]
    public void Edit_BesideWhatWasDeletedSince_GoesWhereItWas()
    {
        var text = New("one two three");
        var version = text.Version;
        text.Delete(4, 4);
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(7, "!", 0), new(4, null, 3)], version, out _));
        Assert.Equal("one !three", text.GetText());
        Assert.Equal(IntentOutcome.Unchanged, text.Edit([new(4, null, 3)], version, out var delta));
        Assert.Empty(delta);
    }

    [Fact]
    public void Edit_WithOneEditThatCannotBe_ChangesNothing()
    {
        var text = New("abc");
        var (version, state) = (text.Version, text.Encode());
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(0, "x", 0), new(4, null, 1)], null, out _));
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(1, "x", 2), new(3, "y", 0)], null, out _));
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(0, "x", 0), new(-1, "y", 0)], null, out _));
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(0, "x", 0), new(0, "y", -1)], null, out _));
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(int.MaxValue, "x", int.MaxValue)], null, out _));
        Assert.Equal(IntentOutcome.InvalidText, text.Edit([new(0, "x", 0), new(0, "\ud83d", 0)], version, out _));
        Assert.Equal(IntentOutcome.Unchanged, text.Edit([], null, out _));
        Assert.Equal(IntentOutcome.Unchanged, text.Edit([new(3, "", 0), new(3, null, 0)], version, out _));
        Assert.Equal(state, text.Encode());

        text.Insert(3, "def");
        Assert.Equal(IntentOutcome.OutOfRange, text.Edit([new(4, "x", 0)], version, out _));
    }

    [Fact]
    public void Edit_OfAVersionThatIsNotThere_IsRefused()
    {
        var text = New("abc");
        var (old, other) = (text.Version, (TextReplica)Samples.Load(text.Encode(), 2));
        other.Insert(0, "x");
        Assert.Equal(IntentOutcome.Gap, text.Edit([new(0, "y", 0)], other.Version, out _));

        text.Delete(0, 1);
        Assert.True(text.Collect([], text.Version, 0));

        // Beside what was deleted since and gets no children any more; elsewhere it is possible.
        var state = text.Encode();
        Assert.Equal(IntentOutcome.Collected, text.Edit([new(3, "z", 0), new(1, "y", 0)], old, out _));
        Assert.Equal(IntentOutcome.Collected, text.Edit([new(0, "y", 0)], old, out _));
        Assert.Equal(state, text.Encode());
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(2, "y", 0), new(0, null, 2)], old, out _));
        Assert.Equal("yc", text.GetText());
        Assert.True(text.Collect([], text.Version, 0));
        Assert.Equal(IntentOutcome.Collected, text.Edit([new(0, "y", 0)], old, out _));
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(2, "d", 0)], text.Version, out _));
        Assert.Equal("ycd", text.GetText());
    }

    [Fact]
    public void Edit_OfAVersionBeforeADroppedReplica_IsRefused()
    {
        var text = New("abc");
        var visitor = (TextReplica)Samples.Load(text.Encode(), 2);
        var old = text.Version;
        visitor.Delete(2, 1);
        text.Merge(visitor.Encode());
        text.Collect([], text.Version, 0);
        text.Collect([visitor.Self], text.Version, 0);
        Assert.Equal(0UL, text.Version[visitor.Self]);
        Assert.Equal(IntentOutcome.Collected, text.Edit([new(2, "x", 0)], old, out _));
        Assert.Equal(IntentOutcome.Applied, text.Edit([new(1, "x", 0)], visitor.Version, out _));
        Assert.Equal("axb", text.GetText());
    }

    // What a replica would have made of the same edits that was at the version all the time.
    [Fact]
    public async Task Edit_OfAVersion_IsWhatAReplicaAtTheVersionMakes() => await Seed.ForEachAsync(Rounds, seed =>
    {
        var random = new Random(seed);
        var server = New("base");
        var others = Enumerable.Range(2, 2).Select(id => (TextReplica)Samples.Load(server.Encode(), (ulong)id * 0x5555555555555555)).ToArray();
        Work(random, server, others);
        server.Insert(random.Next(server.Length + 1), "own");
        Work(random, server, others);
        var (version, state) = (server.Version, server.Encode());
        Work(random, server, others);

        var at = (TextReplica)Samples.Load(state, server.Self.Value);
        var edits = new TextEdit[random.Next(1, 6)];
        var length = at.Length;
        for (var i = 0; i < edits.Length; i++)
        {
            var position = random.Next(length + 1);
            edits[i] = new(position, "ABCDE"[..random.Next(4)], random.Next(Math.Min(4, length - position + 1)));
            length += edits[i].Insert!.Length - edits[i].Delete;
        }

        Assert.Equal(at.Edit(edits, null, out var delta), at.Version.Equals(version) ? IntentOutcome.Unchanged : IntentOutcome.Applied);
        var merged = (TextReplica)Samples.Load(server.Encode(), 99);
        if (delta.Length > 0)
            Assert.Equal(MergeOutcome.Merged, merged.Merge(delta));
        Assert.NotEqual(IntentOutcome.OutOfRange, server.Edit(edits, version, out _));
        Assert.Equal(merged.GetText(), server.GetText());
        return Task.CompletedTask;
    });

    private static void Work(Random random, TextReplica server, TextReplica[] others)
    {
        for (var i = random.Next(25); i > 0; i--)
        {
            var other = others[random.Next(others.Length)];
            var position = random.Next(other.Length + 1);
            if (random.Next(3) == 0)
                other.Delete(position, Math.Min(random.Next(4), other.Length - position));
            else
                other.Insert(position, "abcdefgh"[..random.Next(1, 5)]);
            if (random.Next(3) == 0)
                server.Merge(other.DeltaSince(server.Version));
            if (random.Next(4) == 0)
                other.Merge(server.DeltaSince(other.Version));
        }
    }

    private static TextReplica New(string text)
    {
        var replica = (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));
        replica.Insert(0, text);
        return replica;
    }
}
