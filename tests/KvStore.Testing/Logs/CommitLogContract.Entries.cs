namespace KvStore.Testing;

/// <summary>The part of the contract that speaks of single operations and of the entries that they leave.</summary>
public abstract partial class CommitLogContract
{
    [Fact]
    public async Task Commit_GuardFails_ReturnsCurrentEntry()
    {
        var written = RevisionOf((await CommitAsync(Some.Transaction(Put("k", "mine"))))[0]);
        var outcomes = await CommitAsync(
            Some.Transaction(Guard.RevisionIn(K("k"), written - 1), Put("k", "lost"), Put("other", "lost")));

        var failed = Assert.IsType<Outcome.GuardsFailed>(outcomes[0]);
        Assert.True(failed.Revision >= written);
        var met = Assert.Single(failed.Failed).Current!.Value;
        Assert.Equal((written, "mine"), (met.Revision, met.Text()));

        var marker = RevisionOf((await CommitAsync(Some.Transaction(Put("marker"))))[0]);
        var state = await _follower.ReachAsync(marker);
        Assert.Equal("mine", state.Find(K("k")).Text());
        Assert.Null(state.Find(K("other")));
    }

    [Fact]
    public async Task Commit_SeveralGuards_ReturnsThoseThatFailed()
    {
        await CommitAsync(Some.Transaction(Put("a")), Some.Transaction(Put("b")));
        Guard[] hold = [Guard.Exists(K("a")), Guard.Exists(K("b")), Guard.Absent(K("c"))];
        Guard[] fail = [Guard.Absent(K("a")), Guard.Exists(K("c"))];

        var outcomes = await CommitAsync(
            Some.Transaction([hold[0], fail[0], hold[1], fail[1], hold[2]], Put("d", "1")),
            Some.Transaction(hold, Put("d", "2")),
            Some.Transaction([.. hold, fail[1]], Put("d", "3")));

        Assert.Equal("-+-", Signs(outcomes));
        Assert.Equal(fail, Assert.IsType<Outcome.GuardsFailed>(outcomes[0]).Failed.Select(failed => failed.Guard));
        Assert.Equal([fail[1]], Assert.IsType<Outcome.GuardsFailed>(outcomes[2]).Failed.Select(failed => failed.Guard));
        Assert.Equal("2", (await _follower.ReachAsync(RevisionOf(outcomes[1]))).Find(K("d")).Text());
    }

    [Fact]
    public async Task Commit_EveryGuardKind_PassesAsDefined()
    {
        var revision = RevisionOf((await CommitAsync(Some.Transaction(Put("here"))))[0]);
        (Guard Guard, bool Holds)[] cases =
        [
            (Guard.Exists(K("here")), true),
            (Guard.Exists(K("gone")), false),
            (Guard.Absent(K("here")), false),
            (Guard.Absent(K("gone")), true),
            (Guard.RevisionIn(K("here"), revision - 1, revision), true),
            (Guard.RevisionIn(K("here"), revision - 1, revision + 1), false),
            (Guard.RevisionIn(K("gone"), revision), false),
            (Guard.RevisionNotIn(K("here"), revision - 1, revision), false),
            (Guard.RevisionNotIn(K("here"), revision - 1, revision + 1), true),
            (Guard.RevisionNotIn(K("gone"), revision), true),
            (Guard.UnmodifiedSince(K("here"), DateTimeOffset.MaxValue.AddDays(-1)), true),
            (Guard.UnmodifiedSince(K("here"), DateTimeOffset.UnixEpoch.AddSeconds(-2)), false),
            (Guard.UnmodifiedSince(K("gone"), DateTimeOffset.MaxValue.AddDays(-1)), false),
        ];

        var outcomes = await CommitAsync([.. cases.Select((one, i) => Some.Transaction(one.Guard, Put($"result{i}")))]);
        Assert.Equal(string.Concat(cases.Select(one => one.Holds ? '+' : '-')), Signs(outcomes));
    }

    [Fact]
    public async Task Commit_SeveralOperations_ShareOneRevision()
    {
        await CommitAsync(Some.Transaction(Put("a", "old")));
        var outcome = Assert.IsType<Outcome.Committed>(
            (await CommitAsync(Some.Transaction(Put("b", "new"), Delete("a"), Put("c", "new"))))[0]);

        Assert.Equal([K("b"), K("a"), K("c")], outcome.Changes.ToArray().Select(change => change.Key));
        await _follower.ReachAsync(outcome.Revision);
        var commit = Assert.Single(_follower.Commits, commit => commit.Revision == outcome.Revision);
        Assert.Equal(Facts(outcome.Changes).Order(), Facts(commit.AllChanges).Order());
        Assert.Equal(outcome.Revision, _follower.Latest.Find(K("b"))!.Value.Revision);
        Assert.Equal(outcome.Revision, _follower.Latest.Find(K("c"))!.Value.Revision);
        Assert.Null(_follower.Latest.Find(K("a")));
    }

    [Fact]
    public async Task Commit_DeleteAbsent_SucceedsWithoutCommit()
    {
        var before = RevisionOf((await CommitAsync(Some.Transaction(Put("k"))))[0]);
        var outcomes = await CommitAsync(
            Some.Transaction(Delete("absent")),
            Some.Transaction(Delete("absent"), Put("k2")),
            Some.Transaction(Delete("k")),
            Some.Transaction(Delete("k")));

        var nothing = Assert.IsType<Outcome.Committed>(outcomes[0]);
        Assert.Equal((before, 0), (nothing.Revision, nothing.Changes.Length));
        Assert.Equal(K("k2"), Assert.Single(Assert.IsType<Outcome.Committed>(outcomes[1]).Changes.ToArray()).Key);
        Assert.Equal(0, Assert.IsType<Outcome.Committed>(outcomes[3]).Changes.Length);
        Assert.Equal(RevisionOf(outcomes[2]), RevisionOf(outcomes[3]));
        await _follower.ReachAsync(RevisionOf(outcomes[3]));
        Assert.Equal(RevisionOf(outcomes[2]), _follower.Commits[^1].Revision);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_CreateWriteDeleteCreate_NumbersStartAgain(bool inOneBatch)
    {
        Transaction[] transactions =
            [Some.Transaction(Put("k", "1")), Some.Transaction(Put("k", "2")), Some.Transaction(Delete("k")), Some.Transaction(Put("k", "3")), Some.Transaction(Put("k", "4"))];
        var outcomes = inOneBatch
            ? await CommitAsync(transactions)
            : [.. await OneByOneAsync()];

        var revisions = outcomes.Select(RevisionOf).ToArray();
        Assert.Equal(revisions.Distinct().Order(), revisions);
        (long Created, long Revision, long Version)?[] expected =
        [
            (revisions[0], revisions[0], 1), (revisions[0], revisions[1], 2), null, (revisions[3], revisions[3], 1), (revisions[3], revisions[4], 2),
        ];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var change = Assert.Single(Assert.IsType<Outcome.Committed>(outcomes[i]).Changes.ToArray());
            Assert.Equal(expected[i], Numbers(change.Current));
            Assert.Equal(i == 0 ? null : expected[i - 1], Numbers(change.Previous));
        }

        Assert.Equal(expected[4], Numbers((await _follower.ReachAsync(revisions[4])).Find(K("k"))));

        async Task<List<Outcome>> OneByOneAsync()
        {
            var all = new List<Outcome>();
            foreach (var transaction in transactions)
                all.AddRange(await CommitAsync(transaction));
            return all;
        }

        static (long Created, long Revision, long Version)? Numbers(Entry? found) =>
            found is { } entry ? (entry.CreatedRevision, entry.Revision, entry.Version) : null;
    }

    [Fact]
    public async Task Commit_Put_StoresValueAndTime()
    {
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        var expiry = _time.GetUtcNow().AddMilliseconds(12_345);
        var first = RevisionOf((await CommitAsync(Some.Transaction(new Put(K("k"), everyByte, "image/png", expiry))))[0]);
        var entry = (await _follower.ReachAsync(first)).Find(K("k"))!.Value;

        Assert.Equal(everyByte, entry.Value.ToArray());
        Assert.Equal(("image/png", expiry, _time.GetUtcNow()), (entry.ContentType, entry.ExpiresAt, entry.ModifiedAt));
        Assert.Equal(K("k").Length + 256, entry.Bytes);

        _time.Advance(TimeSpan.FromMilliseconds(1_001));
        var second = RevisionOf((await CommitAsync(Some.Transaction(new Put(K("k"), default, "a/b"))))[0]);
        entry = (await _follower.ReachAsync(second)).Find(K("k"))!.Value;

        Assert.Equal(0, entry.Value.Length);
        Assert.Equal(("a/b", null, _time.GetUtcNow()), (entry.ContentType, entry.ExpiresAt, entry.ModifiedAt));
    }

    [Fact]
    public async Task Commit_SamePutTwice_FirstEntryIsUnchanged()
    {
        var put = Some.Transaction(Put("k", "value"));
        var first = RevisionOf((await CommitAsync(put))[0]);
        var entry = (await _follower.ReachAsync(first)).Find(K("k"))!.Value;
        var second = RevisionOf((await CommitAsync(put))[0]);

        Assert.Equal((first, 1, "value"), (entry.Revision, entry.Version, entry.Text()));
        entry = (await _follower.ReachAsync(second)).Find(K("k"))!.Value;
        Assert.Equal((second, 2, "value"), (entry.Revision, entry.Version, entry.Text()));
    }

    [Fact]
    public async Task Commit_BatchOfThousands_DecidesAll()
    {
        var outcomes = await CommitAsync(
            [.. Enumerable.Range(0, 2_000).Select(i => Some.Transaction(Put($"k{i}", new string('v', 1_000))))]);

        var state = await _follower.ReachAsync(outcomes.Max(RevisionOf));
        Assert.Equal(2_000, state.CountOf(KeyRange.WithPrefix(Some.Bytes(_prefix))));
    }

    [Fact]
    public async Task Commit_ThroughStore_WriterReadsItsWrite()
    {
        await using var store = await Stores.StartAsync(CreateLog(_time), time: _time);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                var committed = await store.CommitAsync(Put($"store/{writer}", $"{i}"));
                Assert.Equal($"{i}", store.Latest.Find(K($"store/{writer}")).Text());
                Assert.True((await store.ReadAsync(Token))!.Revision >= committed.Revision);
            }
        }))).Within();

        Assert.Equal(100, store.Latest.CountOf(KeyRange.WithPrefix(Some.Bytes(_prefix + "store/"))));
    }
}
