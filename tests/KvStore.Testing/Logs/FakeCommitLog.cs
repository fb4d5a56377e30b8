namespace KvStore.Testing;

/// <summary>
/// A commit log around another, in memory unless given, with a hook at each point where a test may block it, break it or
/// observe it. Hooks do nothing by default.
/// </summary>
internal sealed class FakeCommitLog(ICommitLog log) : ICommitLog
{
    private readonly List<Commit> _commits = [];

    public FakeCommitLog(TimeProvider? time = null)
        : this(new MemoryCommitLog(time ?? TimeProvider.System))
    {
    }

    /// <inheritdoc/>
    public StoreId StoreId { get; private set; }

    /// <inheritdoc/>
    public Task Completion => Ending.Task;

    /// <summary>The end of the log; a test may let it fail.</summary>
    public TaskCompletionSource Ending { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public CommitLogConnection? Connection { get; set; }

    /// <inheritdoc/>
    public int Rank
    {
        get => Ranking();
        set => Ranking = () => value;
    }

    /// <summary>What the rank is, each time that it is asked for.</summary>
    public Func<int> Ranking { get; set; } = () => 0;

    /// <summary>What the log feeds, once it has loaded.</summary>
    public ICommitFollower? Follower { get; private set; }

    /// <summary>The store that this log has a copy of, if tests need several.</summary>
    public StoreId? ReplicaOf { get; init; }

    /// <summary>Commits before the first batch, such as a gap.</summary>
    public IReadOnlyList<Commit> FirstCommits { get; init; } = [];

    /// <summary>Before the log loads.</summary>
    public Func<CancellationToken, Task> Following { get; set; } = _ => Task.CompletedTask;

    /// <summary>Before the log has the batch.</summary>
    public Func<Task> Committing { get; set; } = () => Task.CompletedTask;

    /// <summary>Commits in place of the log, unless null.</summary>
    public Func<IReadOnlyList<Transaction>, CancellationToken, Task<Outcome[]>>? CommittingInstead { get; set; }

    /// <summary>After the log published the batch's snapshot, before the store has the outcomes.</summary>
    public Func<Task> Committed { get; set; } = () => Task.CompletedTask;

    /// <summary>Maps the outcomes of a batch to those that the store gets.</summary>
    public Func<Outcome[], Outcome[]> Answering { get; set; } = outcomes => outcomes;

    /// <summary>Maps a barrier of the log to the one that the reader gets.</summary>
    public Func<long?, Task<long?>> Barrier { get; set; } = Task.FromResult;

    /// <summary>The size of each batch so far. Read it while the log is blocked or the store has stopped.</summary>
    public List<int> BatchSizes { get; } = [];

    /// <summary>All commits in order, each recorded before a reader can see it. Read them when no commit is pending.</summary>
    public IReadOnlyList<Commit> Commits => _commits;

    public int Disposals { get; private set; }

    public async ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        // A test that fails while it blocks the log must not wait for it in the end.
        await Following(cancellationToken).WaitAsync(cancellationToken);
        var recorder = new Recorder(follower, _commits);
        await log.FollowAsync(recorder, cancellationToken);
        Follower = recorder;
        StoreId = ReplicaOf ?? log.StoreId;
        if (FirstCommits.Count > 0)
            recorder.Apply(FirstCommits);
    }

    public async ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        BatchSizes.Add(batch.Count);
        await Committing();
        if (CommittingInstead is { } instead)
            return await instead(batch, cancellationToken);
        var outcomes = await log.CommitAsync(batch, cancellationToken);
        await Committed();
        return Answering(outcomes);
    }

    public async ValueTask<long?> BarrierAsync(CancellationToken cancellationToken) => await Barrier(await log.BarrierAsync(cancellationToken));

    public ValueTask DisposeAsync()
    {
        Disposals++;
        Ending.TrySetResult();
        return log.DisposeAsync();
    }

    private sealed class Recorder(ICommitFollower follower, List<Commit> commits) : ICommitFollower
    {
        public Snapshot Latest => follower.Latest;

        public MemoryBudget Memory => follower.Memory;

        public IDisposable Hold(Snapshot snapshot) => follower.Hold(snapshot);

        public void Load(long revision, IEnumerable<Entry> entries) => follower.Load(revision, entries);

        public void Apply(IReadOnlyList<Commit> toApply)
        {
            commits.AddRange(toApply);
            follower.Apply(toApply);
        }

        public void Apply(Decision decision)
        {
            commits.AddRange(decision.Commits);
            follower.Apply(decision);
        }
    }
}
