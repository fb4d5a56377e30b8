namespace KvStore;

/// <summary>A commit log without durability: everything is lost when the process ends. Revisions start at 1, in a store of its own.</summary>
/// <param name="time">The clock that stamps entries.</param>
public sealed class MemoryCommitLog(TimeProvider time) : ICommitLog
{
    private readonly BatchDecider _decider = new(time);
    private readonly TaskCompletionSource _completion = new();
    private ICommitFollower? _follower;

    /// <inheritdoc/>
    public StoreId StoreId { get; } = StoreId.Create();

    /// <summary>The time of the start in microseconds, which no store reaches by commits, and which others can still keep as a number of JSON.</summary>
    public long FenceBase { get; } = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public CommitLogConnection? Connection => null;

    private ICommitFollower Follower => _follower ?? throw new InvalidOperationException($"Call {nameof(FollowAsync)} first.");

    /// <inheritdoc/>
    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        follower.Load(0, []);
        _follower = follower;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        var decision = _decider.Decide(Follower, batch);
        if (decision.Commits.Count > 0)
            Follower.Apply(decision);
        return ValueTask.FromResult(decision.Outcomes);
    }

    /// <inheritdoc/>
    public ValueTask<long?> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult<long?>(Follower.Latest.Revision);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _completion.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
