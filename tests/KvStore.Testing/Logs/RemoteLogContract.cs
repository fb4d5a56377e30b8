namespace KvStore.Testing;

/// <summary>
/// What a commit log promises besides <see cref="CommitLogContract"/> if it keeps its commits in a place that several replicas share. Derive from it for each
/// kind of place.
/// </summary>
public abstract class RemoteLogContract : IAsyncLifetime
{
    // A log is asked again and again while its clock, if it has one of its own, runs this fast.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly List<(ICommitLog Log, RecordingFollower Follower)> _replicas = [];
    private ILogPlace? _place;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ILogPlace Place => _place!;

    /// <summary>Makes a place without a store.</summary>
    protected abstract ILogPlace CreatePlace();

    public async ValueTask InitializeAsync()
    {
        _place = CreatePlace();
        await FollowAsync();
        await FollowAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Place.Restore();
        foreach (var (log, follower) in _replicas)
        {
            await log.DisposeAsync().AsTask().Within();
            Assert.True(log.Completion.IsCompleted);
            Assert.False(follower.WasMisused);
        }

        await Place.DisposeAsync();
    }

    [Fact]
    public void Connection_Reachable_IsKnownAndYoung() => Assert.All(_replicas, replica =>
    {
        Assert.Null(replica.Log.Connection?.UnreachableSince);
        Assert.InRange(Assert.NotNull(replica.Log.Connection).StateAge, TimeSpan.Zero, Soon.Patience);
        Assert.False(replica.Log.Completion.IsCompleted);
    });

    [Fact]
    public async Task StoreId_OtherReplica_IsTheSame()
    {
        await FollowAsync();
        Assert.Single(_replicas.Select(replica => replica.Log.StoreId).Distinct());
    }

    [Fact]
    public async Task Commit_ForeignCommitsInBetween_AllReplicasHaveTheSame()
    {
        for (var round = 0; round < 20; round++)
            await Task.WhenAll(_replicas.Select((_, i) => CommitAsync(i, Some.Transaction(new Increment(Some.Key("n"), 1)), Some.Transaction(Some.Put($"own/{i}", $"{round}")), Some.Transaction(Guard.Absent(Some.Key($"first/{round}")), Some.Put($"first/{round}", $"{i}")))));
        await FollowAsync();

        var states = new List<string>();
        for (var i = 0; i < _replicas.Count; i++)
        {
            var barrier = Assert.NotNull(await _replicas[i].Log.BarrierAsync(Token).AsTask().Within());
            states.Add(string.Join('\n', (await _replicas[i].Follower.ReachAsync(barrier)).ScanAll().Select(entry => $"{entry.Key} {entry.Text()} {entry.Revision} {entry.Version} {entry.ModifiedAt:O}")));
        }

        Assert.Single(states.Distinct());
        Assert.Contains("n 40 ", states[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Barrier_AfterOutcomeOnAnotherReplica_IsAtOrAboveIt()
    {
        for (var round = 0; round < 10; round++)
        {
            var committed = Assert.IsType<Outcome.Committed>(Assert.Single(await CommitAsync(round % 2, Some.Transaction(Some.Put("k", $"{round}")))));
            var (log, follower) = _replicas[(round + 1) % 2];
            var barrier = Assert.NotNull(await log.BarrierAsync(Token).AsTask().Within());
            Assert.True(barrier >= committed.Revision);
            Assert.Equal($"{round}", (await follower.ReachAsync(barrier)).Text("k"));
        }
    }

    [Fact]
    public async Task CutOff_Commit_IsBoundedAndTruthful()
    {
        Place.CutOff();
        var outcome = Assert.Single(await PassTimeAsync(CommitAsync(0, Some.Transaction(Guard.Absent(Some.Key("k")), Some.Put("k")))));
        if (outcome is not Outcome.Unknown)
            Stores.IsNotApplied(outcome, NotAppliedReason.Unreachable);
        Place.Restore();

        // The next commit shows what became of it.
        Assert.IsType<Outcome.Committed>(Assert.Single(await PassTimeAsync(CommittedAsync(0, Some.Transaction(Some.Put("later"))))));
        if (outcome is Outcome.NotApplied)
            Assert.Null(_replicas[0].Follower.Latest.Find(Some.Key("k")));
    }

    [Fact]
    public async Task CutOff_Barrier_IsNoneAndConnectionSaysSo()
    {
        var (log, _) = _replicas[0];
        Place.CutOff();
        Assert.Null(await PassTimeAsync(log.BarrierAsync(Token).AsTask()));
        await PassTimeAsync(() => log.Connection?.UnreachableSince is not null);
        var age = log.Connection!.Value.StateAge;
        await PassTimeAsync(() => log.Connection!.Value.StateAge > age);

        Place.Restore();
        await PassTimeAsync(async () => await log.BarrierAsync(Token) is not null);
        await PassTimeAsync(() => log.Connection is { UnreachableSince: null });
        Assert.False(log.Completion.IsCompleted);
    }

    [Fact]
    public async Task Silence_Commit_IsBounded()
    {
        Place.Silence();
        var outcome = Assert.Single(await PassTimeAsync(CommitAsync(0, Some.Transaction(Some.Put("k")))));
        Assert.False(outcome is Outcome.Committed && _replicas[0].Follower.Latest.Find(Some.Key("k")) is null, "It is committed, and cannot be read.");
        Place.Restore();
        await PassTimeAsync(CommittedAsync(0, Some.Transaction(Some.Put("later"))));
    }

    [Fact]
    public async Task Cancelled_Commit_EndsAtOnce()
    {
        Place.CutOff();
        using var hurry = new CancellationTokenSource();
        var committing = _replicas[0].Log.CommitAsync([Some.Transaction(Some.Put("k"))], hurry.Token).AsTask();
        await hurry.CancelAsync();
        Assert.False(Assert.Single(await committing.Within()) is Outcome.Committed);
    }

    [Fact]
    public async Task Spoil_AfterFollow_FailsTheLog()
    {
        Place.Spoil();
        await PassTimeAsync(() => _replicas.TrueForAll(replica => replica.Log.Completion.IsFaulted));
        var outcome = Assert.Single(await PassTimeAsync(CommitAsync(0, Some.Transaction(Some.Put("k")))));
        Assert.IsNotType<Outcome.Committed>(outcome);
        Assert.Null(await PassTimeAsync(_replicas[0].Log.BarrierAsync(Token).AsTask()));
    }

    private async Task FollowAsync()
    {
        var replica = (Place.Open(), new RecordingFollower());
        _replicas.Add(replica);
        await replica.Item1.FollowAsync(replica.Item2, Token).AsTask().Within();
    }

    private Task<Outcome[]> CommitAsync(int replica, params Transaction[] batch) => _replicas[replica].Log.CommitAsync(batch, Token).AsTask();

    // A log that has just found its place again may refuse once more.
    private async Task<Outcome[]> CommittedAsync(int replica, Transaction transaction)
    {
        while (true)
        {
            if (await CommitAsync(replica, transaction) is [Outcome.Committed] committed)
                return committed;
            await Task.Yield();
        }
    }

    private async Task<T> PassTimeAsync<T>(Task<T> task)
    {
        await PassTimeAsync(() => task.IsCompleted);
        return await task;
    }

    private Task PassTimeAsync(Func<bool> condition) => PassTimeAsync(() => Task.FromResult(condition()));

    private Task PassTimeAsync(Func<Task<bool>> condition) => Soon.UntilAsync(async () =>
    {
        if (await condition())
            return true;
        Place.Advance(Step);
        return false;
    });
}
