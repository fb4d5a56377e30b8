namespace KvStore.Testing;

/// <summary>The part of the contract that speaks of records of the store's own, which commit with what clients write.</summary>
public abstract partial class CommitLogContract
{
    [Fact]
    public async Task Commit_Records_ShareTheRevisionAndHaveNoResult()
    {
        var outcome = Assert.IsType<Outcome.Committed>((await CommitAsync(Some.Transaction(Put("a"), Put("b")).With([Record("a", "of a"), Record("b", "of b")])))[0]);

        Assert.Equal(2, outcome.Results.Length);
        Assert.Equal([K("a"), K("b")], outcome.Changes.ToArray().Select(change => change.Key));
        var state = await EndAsync();
        Assert.Equal((outcome.Revision, "of b"), (state.Find(R("b"))!.Value.Revision, state.Find(R("b")).Text()));
        var commit = Assert.Single(_follower.Commits, commit => commit.Revision == outcome.Revision);
        Assert.Equal(new[] { K("a"), K("b"), R("a"), R("b") }.Order(), commit.AllChanges.Select(change => change.Key).Order());
        Assert.Equal([K("a"), K("b"), K("end")], state.Scan(KeyRange.WithPrefix(K("").Utf8)).Select(entry => entry.Key));
        Assert.DoesNotContain(R("a"), state.Scan(default).Select(entry => entry.Key));
    }

    [Fact]
    public async Task Commit_RecordsOfOperationsThatChangeNothing_AreCommitted()
    {
        var before = RevisionOf((await CommitAsync(Some.Transaction(Put("k"))))[0]);
        var outcomes = await CommitAsync(
            Some.Transaction(Delete("absent")).With([Record("absent", "1")]),
            Some.Transaction().With([Record("alone", "2")]),
            Some.Transaction(Delete("absent")).With([new Delete(R("none"))]),
            Some.Transaction(Guard.Exists(K("absent")), Delete("absent")).With([Record("absent", "lost")]),
            Some.Transaction(new Increment(K("k"), 1)).With([Record("absent", "lost")]));

        Assert.All(outcomes[..3], outcome => Assert.Null(Assert.IsType<Outcome.Committed>(outcome).Commit));
        Assert.True(before < RevisionOf(outcomes[0]) && RevisionOf(outcomes[0]) <= RevisionOf(outcomes[1]));
        Assert.Equal(RevisionOf(outcomes[1]), RevisionOf(outcomes[2]));
        Assert.IsType<Outcome.GuardsFailed>(outcomes[3]);
        Assert.IsType<Outcome.Rejected>(outcomes[4]);
        var state = await EndAsync();
        Assert.Equal(("1", "2"), (state.Find(R("absent")).Text(), state.Find(R("alone")).Text()));
    }

    [Fact]
    public async Task Commit_GuardsOnRecords_DecideLikeOthers()
    {
        var first = RevisionOf((await CommitAsync(Some.Transaction().With([Record("k", "1")])))[0]);
        var outcomes = await CommitAsync(
            Some.Transaction(Guard.Absent(R("k")), Put("k", "lost")).With([Record("k", "lost")]),
            Some.Transaction(Guard.RevisionIn(R("k"), first), Put("k", "stored")).With([Record("k", "2")]),
            Some.Transaction(Guard.RevisionIn(R("k"), first), Put("k", "late")).With([Record("k", "late")]),
            Some.Transaction(Guard.Exists(R("k")), Delete("k")).With([new Delete(R("k"))]),
            Some.Transaction(Guard.Absent(R("k")), Put("k", "again")).With([Record("k", "3")]));

        Assert.Equal("-+-++", Signs(outcomes));
        Assert.Equal(R("k"), Assert.Single(Assert.IsType<Outcome.GuardsFailed>(outcomes[2]).Failed).Guard.Key);
        var state = await EndAsync();
        Assert.Equal(("again", "3", 1), (state.Find(K("k")).Text(), state.Find(R("k")).Text(), state.Find(R("k"))!.Value.Version));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public async Task Commit_RecordsWithAppendOrDeletePrefix_AreCommitted(int changesMax)
    {
        var appended = await CommitAsync([.. Enumerable.Range(0, 3).Select(i => Some.Transaction(new Append(K("q/"), Some.Bytes($"{i}"), "text/plain")).With([Record("q", $"{i}")]))]);
        var outcomes = await CommitAsync(Some.Transaction(new DeletePrefix(K("q/").Utf8, 3) { ChangesMax = changesMax }).With([Record("q", "deleted"), Record("other", "1")]));

        Assert.All(appended, outcome => Assert.Single(Assert.IsType<Outcome.Committed>(outcome).Changes.ToArray()));
        Assert.Equal(3, Assert.IsType<Outcome.Committed>(outcomes[0]).Results[0].Number);
        var state = await EndAsync();
        Assert.Equal(0, state.CountOf(KeyRange.WithPrefix(K("q/").Utf8)));
        Assert.Equal(("deleted", 4), (state.Find(R("q")).Text(), state.Find(R("q"))!.Value.Version));
        Assert.Equal(RevisionOf(outcomes[0]), state.Find(R("other"))!.Value.Revision);
        Assert.Equal(state.ScanAll().Sum(entry => entry.Bytes), state.Bytes);
    }

    [Fact]
    public async Task Commit_RecordsWithIdempotencyKey_AreCommittedOnce()
    {
        var key = $"{Guid.NewGuid()}";
        var outcomes = await CommitAsync(
            Retry(key, "f", null, Put("k")).With([Record("k", "1")]),
            Some.Transaction().With([Record("k", "2")]),
            Retry(key, "f", null, Put("k")).With([Record("k", "3")]));

        Assert.IsType<Outcome.Replayed>(outcomes[2]);
        Assert.Equal("2", (await EndAsync()).Find(R("k")).Text());
    }

    [Fact]
    public async Task Commit_ExpireOfARecord_DeletesIt()
    {
        var written = RevisionOf((await CommitAsync(Some.Transaction().With([new Put(R("k"), default, "", _time.GetUtcNow())])))[0]);
        await CommitAsync(Some.Transaction(new Expire(R("k"), written - 1)));
        Assert.NotNull((await EndAsync()).Find(R("k")));
        await CommitAsync(Some.Transaction(new Expire(R("k"), written)));
        Assert.Null((await EndAsync()).Find(R("k")));
    }

    private Key R(string name) => ReservedKeys.Of(ReservedKind.Origin, K(name).Utf8);

    private Put Record(string name, string value) => new(R(name), Some.Bytes(value), "");
}
