using System.Globalization;

namespace KvStore.Testing;

/// <summary>
/// What every commit log promises. Derive from it for each kind of log. It assumes neither that revisions are dense, nor
/// that an operation has one to itself, nor that the follower has a commit before its outcome is known.
/// </summary>
public abstract partial class CommitLogContract : IAsyncLifetime
{
    // So that a log that holds something already can be tested too.
    private readonly string _prefix = $"contract/{Guid.NewGuid():N}/";
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingFollower _follower = new();
    private ICommitLog? _log;

    /// <summary>Makes the log that is tested; the suite disposes of it.</summary>
    /// <param name="time">The clock that entries are to be stamped by.</param>
    protected abstract ICommitLog CreateLog(TimeProvider time);

    private ICommitLog Log => _log!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = CreateLog(_time);
        await Log.FollowAsync(_follower, Token);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Log.DisposeAsync();
        Assert.False(_follower.WasMisused, "The follower is called one call at a time, first with an image.");
        var revisions = _follower.Commits.Select(commit => commit.Revision).ToArray();
        Assert.Equal(revisions.Distinct().Order(), revisions);
    }

    [Fact]
    public void Follow_First_LoadsBaseImage()
    {
        Assert.Single(_follower.Images);
        Assert.Empty(_follower.Commits);
        Assert.Equal(_follower.Images[0], _follower.Latest.Revision);
    }

    [Fact]
    public async Task StoreId_Any_IsPresentAndStays()
    {
        var id = Log.StoreId;
        Assert.NotEqual(default, id);
        await CommitAsync(Some.Transaction(Put("k")));
        Assert.Equal(id, Log.StoreId);
    }

    [Fact]
    public async Task StoreId_OtherLog_IsAnother()
    {
        await using var other = CreateLog(_time);
        await other.FollowAsync(new RecordingFollower(), Token);
        Assert.NotEqual(Log.StoreId, other.StoreId);
    }

    [Fact]
    public async Task Follow_Commits_AreDeliveredOnceInOrder()
    {
        var random = Seed.NewRandom();
        var expected = new Dictionary<long, List<string>>();
        for (var round = 0; round < 50; round++)
        {
            var batch = Enumerable.Range(0, random.Next(1, 20)).Select(_ => RandomOperation(random)).ToArray();
            foreach (var outcome in (await CommitAsync(batch)).OfType<Outcome.Committed>())
            {
                if (!expected.TryGetValue(outcome.Revision, out var facts))
                    expected.Add(outcome.Revision, facts = []);
                facts.AddRange(Facts(outcome.Changes));
            }
        }

        await _follower.ReachAsync(expected.Keys.Max());
        Assert.Equal(
            expected.Where(pair => pair.Value.Count > 0).OrderBy(pair => pair.Key).Select(pair => Describe(pair.Key, pair.Value)),
            _follower.Commits.Select(commit => Describe(commit.Revision, Facts(commit.AllChanges))));
    }

    [Fact]
    public async Task Commit_GuardsInBatch_SeeEarlierTransactions()
    {
        var outcomes = await CommitAsync(
            Some.Transaction(Guard.Absent(K("a")), Put("a", "1")),
            Some.Transaction(Guard.Absent(K("a")), Put("a", "2")),
            Some.Transaction(Guard.Exists(K("a")), Put("b", "3")),
            Some.Transaction(Guard.Exists(K("a")), Delete("a")),
            Some.Transaction(Guard.Exists(K("a")), Put("a", "4")),
            Some.Transaction(Guard.Absent(K("a")), Put("a", "5")));

        Assert.Equal("+-++-+", Signs(outcomes));
        var met = Assert.Single(Assert.IsType<Outcome.GuardsFailed>(outcomes[1]).Failed).Current;
        Assert.Equal("1", met.Text());
        Assert.Null(Assert.Single(Assert.IsType<Outcome.GuardsFailed>(outcomes[4]).Failed).Current);
        var state = await _follower.ReachAsync(RevisionOf(outcomes[5]));
        Assert.Equal("5", state.Find(K("a")).Text());
        Assert.Equal("3", state.Find(K("b")).Text());
    }

    [Fact]
    public async Task Commit_MixedBatch_OutcomesInOrder()
    {
        var batch = Enumerable.Range(0, 100).Select(i =>
            Some.Transaction(i % 3 == 0 ? Guard.Exists(K($"absent{i}")) : Guard.Absent(K($"k{i}")), Put($"k{i}", $"{i}"))).ToArray();
        var outcomes = await CommitAsync(batch);

        for (var i = 0; i < outcomes.Length; i++)
        {
            if (i % 3 == 0)
                Assert.Same(batch[i].Guards[0], Assert.Single(Assert.IsType<Outcome.GuardsFailed>(outcomes[i]).Failed).Guard);
            else
                Assert.Equal($"{i}", Assert.Single(Assert.IsType<Outcome.Committed>(outcomes[i]).Changes.ToArray()).Current.Text());
        }
    }

    [Fact]
    public async Task Commit_BatchAfterBatch_RevisionsRise()
    {
        var last = _follower.Latest.Revision;
        for (var round = 0; round < 30; round++)
        {
            var outcomes = await CommitAsync([.. Enumerable.Range(0, round + 1).Select(i => Some.Transaction(Put($"k{i % 5}", $"{i}")))]);
            var revisions = outcomes.Select(RevisionOf).ToArray();

            Assert.True(revisions[0] > last);
            Assert.Equal(revisions.Order(), revisions);
            last = revisions[^1];
            var newest = (await _follower.ReachAsync(last)).Revision;
            Assert.Equal(last, newest);
        }
    }

    [Fact]
    public async Task Commit_TwoWritesOfOneKey_HaveDistinctRevisions()
    {
        var outcomes = await CommitAsync(
            [.. Enumerable.Range(0, 10).Select(i => Some.Transaction(Put("same", $"{i}")))]);

        Assert.Equal(10, outcomes.Select(RevisionOf).Distinct().Count());
        Assert.Equal("9", (await _follower.ReachAsync(RevisionOf(outcomes[9]))).Find(K("same")).Text());
    }

    [Fact]
    public async Task Barrier_AfterOutcome_IsReachedAtOrAboveIt()
    {
        Assert.True(await Log.BarrierAsync(Token) >= _follower.Latest.Revision);
        for (var round = 0; round < 20; round++)
        {
            var revision = RevisionOf((await CommitAsync(Some.Transaction(Put("k", $"{round}"))))[0]);
            var barrier = Assert.NotNull(await Log.BarrierAsync(Token));

            Assert.True(barrier >= revision);
            Assert.Equal($"{round}", (await _follower.ReachAsync(barrier)).Find(K("k")).Text());
        }
    }

    [Fact]
    public async Task Dispose_Twice_DoesNotThrow() => await Log.DisposeAsync();

    private Key K(string name) => Some.Key(_prefix + name);

    private Put Put(string name, string value = "value", DateTimeOffset? expiresAt = null) => Some.Put(_prefix + name, value, expiresAt);

    private Delete Delete(string name) => Some.Delete(_prefix + name);

    private async Task<Outcome[]> CommitAsync(params Transaction[] batch)
    {
        var outcomes = await Log.CommitAsync(batch, Token);
        Assert.Equal(batch.Length, outcomes.Length);
        return outcomes;
    }

    private static long RevisionOf(Outcome outcome) => Assert.IsType<Outcome.Committed>(outcome).Revision;

    private static string Signs(Outcome[] outcomes) => string.Concat(outcomes.Select(outcome => outcome switch
    {
        Outcome.Committed => '+',
        Outcome.GuardsFailed => '-',
        _ => '?',
    }));

    private Transaction RandomOperation(Random random)
    {
        var names = Enumerable.Range(0, 8).Select(i => $"k{i}").ToArray();
        random.Shuffle(names);
        Operation[] operations = [.. names.Take(random.Next(1, 4)).Select(name =>
            random.Next(3) == 0 ? (Operation)Delete(name) : Put(name, random.Next(1000).ToString(CultureInfo.InvariantCulture)))];
        return random.Next(3) == 0 ? Some.Transaction(Guard.Exists(K(names[7])), operations) : Some.Transaction(operations);
    }

    private static IEnumerable<string> Facts(ReadOnlySpan<EntryChange> changes) => changes.ToArray().Select(change =>
        $"{change.Key}: {change.Previous?.Revision} {change.Previous.Text()} -> {change.Current?.Revision} {change.Current.Text()}");

    private static string Describe(long revision, IEnumerable<string> facts) => $"{revision}: {string.Join(", ", facts.Order())}";
}
