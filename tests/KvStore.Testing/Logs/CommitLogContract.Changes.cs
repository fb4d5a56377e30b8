namespace KvStore.Testing;

/// <summary>The part of the contract that speaks of changes whose result depends on what they meet.</summary>
public abstract partial class CommitLogContract
{
    [Fact]
    public async Task Commit_Increments_EachSeesTheLast()
    {
        for (var round = 0; round < 3; round++)
        {
            var outcomes = await CommitAsync([.. Enumerable.Range(0, 20).Select(_ => Some.Transaction(new Increment(K("n"), 3)))]);
            Assert.Equal(
                Enumerable.Range(1, 20).Select(i => $"{3 * (i + (20 * round))}"),
                outcomes.Select(outcome => Assert.Single(Assert.IsType<Outcome.Committed>(outcome).Changes.ToArray()).Current.Text()));
            Assert.Equal(20, outcomes.Select(RevisionOf).Distinct().Count());
        }
    }

    [Fact]
    public async Task Commit_OperationRejected_TransactionIsRejected()
    {
        await CommitAsync(Some.Transaction(Put("word", "one")), Some.Transaction(Put("edge", $"{long.MaxValue}")), Some.Transaction(Put("l/1"), Put("l/2")));
        var outcomes = await CommitAsync(
            Some.Transaction(Put("marker", "1"), new Increment(K("word"), 1)),
            Some.Transaction(Put("marker", "2"), new Increment(K("edge"), 1)),
            Some.Transaction(Put("marker", "3"), Patch("word", "{}")),
            Some.Transaction(Put("marker", "4"), Patch("edge", $"\"{new string('x', 100)}\"")),
            Some.Transaction(new DeletePrefix(K("l/").Utf8, 1)));

        Assert.Equal(
            [RejectionReason.NotANumber, RejectionReason.Overflow, RejectionReason.NotJson, RejectionReason.TooLarge, RejectionReason.TooMany],
            outcomes.Select(outcome => Assert.IsType<Outcome.Rejected>(outcome).Reason));
        var state = await EndAsync();
        Assert.Equal(("(absent)", "one", $"{long.MaxValue}", 2), (state.Find(K("marker")).Text(), state.Find(K("word")).Text(), state.Find(K("edge")).Text(), state.CountOf(KeyRange.WithPrefix(K("l/").Utf8))));
    }

    [Fact]
    public async Task Commit_PatchExpiryMoveReads_SeeLatestState()
    {
        var expires = _time.GetUtcNow().AddSeconds(5);
        var outcomes = await CommitAsync(
            Some.Transaction(Put("a", """{"x":1}""", expires)),
            Some.Transaction(Patch("a", """{"y":2}""")),
            Some.Transaction(new SetExpiry(K("a"), ExpiryUpdate.Never)),
            Some.Transaction(new Move(K("a"), K("b"))),
            Some.Transaction(new SetExpiry(K("b"), ExpiryUpdate.At(expires)), new Get(K("a")), new Get(K("b"))),
            Some.Transaction(new Move(K("a"), K("c")), Patch("absent", "{}"), new SetExpiry(K("gone"), ExpiryUpdate.Never)));

        Assert.Equal(expires, ((Outcome.Committed)outcomes[1]).Changes[0].Current!.Value.ExpiresAt);
        Assert.Null(((Outcome.Committed)outcomes[2]).Changes[0].Current!.Value.ExpiresAt);
        var reads = ((Outcome.Committed)outcomes[4]).Results[1..].ToArray().Select(result => result.Entry).ToArray();
        Assert.Equal(["(absent)", """{"x":1,"y":2}"""], reads.Select(entry => entry.Text()));
        Assert.Null(reads[1]!.Value.ExpiresAt);
        Assert.Null(((Outcome.Committed)outcomes[5]).Commit);
        var state = await EndAsync();
        Assert.Null(state.Find(K("a")));
        Assert.Equal((expires, """{"x":1,"y":2}"""), (state.Find(K("b"))!.Value.ExpiresAt, state.Find(K("b")).Text()));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(29)]
    public async Task Commit_AppendsThenDeletePrefix_LeavesNone(int changesMax)
    {
        var appended = await CommitAsync([.. Enumerable.Range(0, 30).Select(i => Some.Transaction(new Append(K("q/"), Some.Bytes($"{i}"), "text/plain")))]);
        var state = await EndAsync();
        var range = KeyRange.WithPrefix(K("q/").Utf8);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"{i}"), state.Scan(range).Select(entry => entry.Text()));
        Assert.Equal(appended.Select(RevisionOf), state.Scan(range).Select(entry => entry.Revision));

        var outcomes = await CommitAsync(Some.Transaction(Put("q", "stays")), Some.Transaction(new DeletePrefix(K("q/").Utf8, 30) { ChangesMax = changesMax }), Some.Transaction(Put("q/new")), Some.Transaction(new DeletePrefix(K("none/").Utf8, 30)));
        Assert.Equal(30, ((Outcome.Committed)outcomes[1]).Changes.Length);
        Assert.Null(((Outcome.Committed)outcomes[3]).Commit);
        state = await EndAsync();
        Assert.Equal([_prefix + "q", _prefix + "q/new"], state.Scan(KeyRange.WithPrefix(K("q").Utf8)).Select(entry => entry.Key.ToString()));
        Assert.Equal(state.ScanAll().Sum(entry => entry.Bytes), state.Bytes);
    }

    [Fact]
    public async Task Commit_SameIdempotencyKey_AppliesOnce()
    {
        var key = $"{Guid.NewGuid()}";
        var outcomes = await CommitAsync(
            Retry(key, "f", Guard.Exists(K("n")), new Increment(K("n"), 1)),
            Retry(key, "f", null, new Increment(K("n"), 1)),
            Retry(key, "f", null, new Increment(K("n"), 1)),
            Retry(key, "g", null, new Increment(K("n"), 1)));
        var later = (await CommitAsync(Retry(key, "f", null, new Increment(K("n"), 1))))[0];

        Assert.IsType<Outcome.GuardsFailed>(outcomes[0]);
        Assert.All([outcomes[2], later], outcome =>
        {
            var original = Assert.IsType<Outcome.Replayed>(outcome).Original;
            Assert.Equal((RevisionOf(outcomes[1]), 1), (original.Revision, original.Results[0].Number));
        });
        Assert.IsType<Outcome.IdempotencyKeyReused>(outcomes[3]);
        var state = await EndAsync();
        Assert.Equal("1", state.Find(K("n")).Text());
        Assert.Equal([_prefix + "n"], state.Scan(KeyRange.WithPrefix(K("n").Utf8)).Select(entry => entry.Key.ToString()));
    }

    [Fact]
    public async Task Commit_SameIdempotencyKey_ReplaysTheResultOfEveryOperation()
    {
        await CommitAsync(Some.Transaction(Put("read", "seen", _time.GetUtcNow().AddHours(1)), Put("replaced"), Put("deleted"), Put("from"), Put("dp/1"), Put("dp/2")));
        Operation[][] all =
        [
            [new Get(K("read")), new Get(K("absent")), new Put(K("replaced"), default, "text/plain") { Memo = -7 }, Put("new"), Delete("deleted"), Delete("absent2"), new Move(K("from"), K("to"))],
            [new DeletePrefix(K("dp/").Utf8, 2)],
            [new Append(K("q/"), default, "text/plain")],
            [new Increment(K("n"), long.MinValue)],
        ];
        foreach (var operations in all)
        {
            var transaction = new Transaction([], [.. operations])
            {
                Idempotency = new Idempotency(Some.Bytes($"{Guid.NewGuid()}"), Some.Bytes("f"), TimeSpan.FromHours(1), 10_000),
            };
            var committed = Assert.IsType<Outcome.Committed>((await CommitAsync(transaction))[0]);
            var original = Assert.IsType<Outcome.Replayed>((await CommitAsync(transaction))[0]).Original;

            Assert.Equal(committed.Revision, original.Revision);
            Assert.Equal(committed.Results.ToArray().Select(Describe), original.Results.ToArray().Select(Describe));
        }

        static string Describe(OperationResult result) =>
            $"{result.Existed} {result.Number} {result.Entry?.Key} {result.Entry.Text()} {result.Entry?.ContentType} {result.Entry?.CreatedRevision} {result.Entry?.Revision} {result.Entry?.Version} {result.Entry?.ModifiedAt:O} {result.Entry?.ExpiresAt:O}";
    }

    [Fact]
    public async Task Commit_RecordTooLarge_IsRejected()
    {
        var retry = new Idempotency(Some.Bytes($"{Guid.NewGuid()}"), Some.Bytes("f"), TimeSpan.FromHours(1), 10);
        var outcomes = await CommitAsync(new Transaction([], [Put("k")]) { Idempotency = retry }, Some.Transaction(Guard.Absent(K("k")), Put("k", "after")));
        Assert.Equal(RejectionReason.RecordTooLarge, Assert.IsType<Outcome.Rejected>(outcomes[0]).Reason);
        Assert.Equal("after", (await EndAsync()).Find(K("k")).Text());
    }

    [Fact]
    public async Task Commit_Expire_DeletesItsEntryAsExpired()
    {
        var old = RevisionOf((await CommitAsync(Some.Transaction(Put("old", "1", _time.GetUtcNow()))))[0]);
        var renewed = RevisionOf((await CommitAsync(Some.Transaction(Put("renewed", "1", _time.GetUtcNow()))))[0]);
        var outcomes = await CommitAsync(
            Some.Transaction(Put("renewed", "2")),
            Some.Transaction(new Expire(K("old"), old), new Expire(K("renewed"), renewed), new Expire(K("absent"), old)));

        var change = Assert.Single(Assert.IsType<Outcome.Committed>(outcomes[1]).Changes.ToArray());
        Assert.Equal((K("old"), true, null), (change.Key, change.IsExpiry, change.Current));
        var state = await EndAsync();
        Assert.Equal(("(absent)", "2"), (state.Find(K("old")).Text(), state.Find(K("renewed")).Text()));
        Assert.Equal([K("old")], _follower.Commits.SelectMany(commit => commit.AllChanges).Where(one => one.IsExpiry).Select(one => one.Key));
    }

    private static Transaction Retry(string key, string fingerprint, Guard? guard, Operation operation) => new(guard is null ? [] : [guard], [operation])
    {
        Idempotency = new Idempotency(Some.Bytes(key), Some.Bytes(fingerprint), TimeSpan.FromHours(1), 10_000),
    };

    private MergePatch Patch(string name, string patch) => MergePatch.TryCreate(K(name), Some.Bytes(patch), 64, ExpiryUpdate.Unchanged)!;

    private async Task<Snapshot> EndAsync() => await _follower.ReachAsync(RevisionOf((await CommitAsync(Some.Transaction(Put("end"))))[0]));
}
