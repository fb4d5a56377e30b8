namespace KvStore.Crdt.Tests;

public sealed class TextTests
{
    [Fact]
    public void Histories_OfSeveralReplicas_MeetTheListSpecification() =>
        Histories.Check(1500, history => new TextWorld(2 + (history.Length % 4)).Run(history));

    [Fact]
    public void Insert_AtAPosition_CountsScalars()
    {
        var text = New();
        Assert.Equal(IntentOutcome.Applied, text.Insert(0, "a\U0001F600b"));
        Assert.Equal(3, text.Length);
        Assert.Equal(IntentOutcome.Applied, text.Insert(2, "x"));
        Assert.Equal(IntentOutcome.Applied, text.Delete(1, 1));
        Assert.Equal("axb", text.GetText());
    }

    [Theory]
    [InlineData(-1, "x", IntentOutcome.OutOfRange)]
    [InlineData(4, "x", IntentOutcome.OutOfRange)]
    [InlineData(0, "", IntentOutcome.Unchanged)]
    public void Insert_OfWhatCannotBe_ChangesNothing(int position, string inserted, IntentOutcome outcome)
    {
        var text = New();
        text.Insert(0, "abc");
        var state = text.Encode();
        Assert.Equal(outcome, text.Insert(position, inserted));
        Assert.Equal(state, text.Encode());
    }

    [Fact]
    public void Insert_OfHalfASurrogatePair_IsRefused()
    {
        Assert.Equal(IntentOutcome.InvalidText, New().Insert(0, "\ud83d"));
        Assert.Equal(IntentOutcome.InvalidText, New().Insert(0, "ab\ude00"));
    }

    [Theory]
    [InlineData(-1, 1, IntentOutcome.OutOfRange)]
    [InlineData(0, -1, IntentOutcome.OutOfRange)]
    [InlineData(1, 3, IntentOutcome.OutOfRange)]
    [InlineData(int.MaxValue, int.MaxValue, IntentOutcome.OutOfRange)]
    [InlineData(3, 0, IntentOutcome.Unchanged)]
    public void Delete_OfWhatIsNotThere_ChangesNothing(int position, int count, IntentOutcome outcome)
    {
        var text = New();
        text.Insert(0, "abc");
        var state = text.Encode();
        Assert.Equal(outcome, text.Delete(position, count));
        Assert.Equal(state, text.Encode());
    }

    // Typing, with corrections and moves, as in a trace; and so much deleted that its scalars are released.
    [Fact]
    public void Edits_OfOneAuthor_AreAsTheModel()
    {
        var random = Seed.NewRandom();
        var text = New();
        var model = new System.Text.StringBuilder();
        var position = 0;
        for (var i = 0; i < 30_000; i++)
        {
            if (random.Next(20) == 0)
                position = random.Next(model.Length + 1);
            if (random.Next(5) < 2 && position > 0)
            {
                var count = random.Next(100) == 0 ? random.Next(1, position + 1) : 1;
                position -= count;
                model.Remove(position, count);
                Assert.Equal(IntentOutcome.Applied, text.Delete(position, count));
            }
            else
            {
                var typed = $"{(char)random.Next('a', 'z' + 1)}";
                model.Insert(position, typed);
                Assert.Equal(IntentOutcome.Applied, text.Insert(position, typed));
                position++;
            }

            if (i % 1000 == 0)
                Assert.Equal(model.ToString(), text.GetText());
        }

        Assert.Equal(model.ToString(), text.GetText());
        Assert.Equal(text.Encode(), Load(text, 2).Encode());
    }

    [Fact]
    public void DeltaSince_AKeystroke_IsSmall()
    {
        var text = New();
        text.Insert(0, new string('x', 1000));
        var other = Load(text, 2);
        other.Insert(500, "y");
        Assert.Equal(MergeOutcome.Merged, text.Merge(other.Encode()));
        var before = text.Version;
        text.Insert(501, "z");
        Assert.InRange(text.DeltaSince(before)!.Length, 1, 60);
        Assert.Equal(MergeOutcome.Merged, other.Merge(text.DeltaSince(before)));
        Assert.Equal(text.GetText(), other.GetText());
    }

    [Fact]
    public void Collect_OfWhatEveryoneKnowsToBeDeleted_DropsIt()
    {
        var text = New();
        text.Insert(0, "kept");
        var size = text.Encode().Length;
        for (var i = 0; i < 500; i++)
        {
            text.Insert(4, "deleted");
            text.Delete(4, 7);
        }

        var other = Load(text, 2);
        var late = Load(text, 3);
        var isCollected = text.Collect([], other.Version.Meet(late.Version), 0);
        Assert.True(isCollected);
        Assert.Equal(MergeOutcome.Merged, other.Merge(text.DeltaSince(other.Version)));
        Assert.False(text.Collect([], other.Version.Meet(late.Version), 0));
        Assert.Equal(MergeOutcome.Merged, late.Merge(text.DeltaSince(late.Version)));
        Assert.True(text.Collect([], other.Version.Meet(late.Version), 0));
        Assert.InRange(text.Encode().Length, size, size + 90);
        Assert.Equal("kept", Load(text, 4).GetText());

        Assert.Equal(MergeOutcome.Merged, other.Merge(text.DeltaSince(other.Version)));
        Assert.Equal(text.Encode(), other.Encode());

        // Of an earlier epoch, but it knew what was dropped: its changes still merge.
        late.Insert(4, "!");
        Assert.Equal(MergeOutcome.Merged, text.Merge(late.DeltaSince(text.Version)));
        Assert.Equal("kept!", text.GetText());
    }

    [Fact]
    public void Collect_ForAReplicaThatDidNotKnow_SendsItToTheState()
    {
        var text = New();
        text.Insert(0, "ab");
        var absent = Load(text, 2);
        text.Delete(1, 1);
        absent.Insert(2, "c");
        Assert.True(text.Collect([absent.Self], text.Version, 0));
        Assert.True(text.Collect([absent.Self], text.Version, 0));
        Assert.Null(text.DeltaSince(absent.Version));
        Assert.Equal(MergeOutcome.Collected, text.Merge(absent.DeltaSince(text.Version)));
        Assert.Equal(MergeOutcome.Outdated, absent.Merge(text.Encode()));
        Assert.Equal("abc", absent.GetText());
    }

    [Fact]
    public void Merge_OfOtherTextUnderOneId_IsRefused()
    {
        var hub = New();
        var (one, other) = (Load(hub, 2), Load(hub, 2));
        one.Insert(0, "a");
        other.Insert(0, "b");
        Assert.Equal(MergeOutcome.Merged, hub.Merge(one.Encode()));
        Assert.Equal(MergeOutcome.Forked, hub.Merge(other.Encode()));
    }

    [Fact]
    public void Merge_WithOwnTextBelowWhatWasDropped_IsRefusedWhole()
    {
        var hub = New();
        var author = Load(hub, 2);
        author.Insert(0, "x");
        Assert.Equal(MergeOutcome.Merged, hub.Merge(author.Encode()));
        var retired = Load(hub, 3);
        retired.Insert(1, "y");
        hub.Delete(0, 1);
        Assert.Equal(MergeOutcome.Merged, retired.Merge(hub.Encode()));

        Assert.True(hub.Collect([], hub.Version, 0));
        Assert.True(hub.Collect([author.Self], hub.Version, 0));
        Assert.Equal(0UL, hub.Version[author.Self]);
        var before = retired.Encode();
        Assert.Equal(MergeOutcome.Outdated, retired.Merge(hub.Encode()));
        Assert.Equal(MergeOutcome.Collected, hub.Merge(before));
        Assert.Equal(before, retired.Encode());
        Assert.Equal("y", retired.GetText());
    }

    private static TextReplica New() => (TextReplica)MergeableValue.Create(CrdtType.Text, new ReplicaId(1));

    private static TextReplica Load(TextReplica other, ulong id) => (TextReplica)MergeableValue.TryLoad(other.Encode(), new ReplicaId(id))!;
}
