namespace KvStore.Server.Tests;

/// <summary>A memory log that commits nothing until it is opened.</summary>
internal sealed class GatedCommitLog : ICommitLog
{
    private readonly MemoryCommitLog _log = new(TimeProvider.System);

    /// <summary>Ends when a commit was asked for.</summary>
    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>To be ended by the test.</summary>
    public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        Reached.TrySetResult();
        await Open.Task.WaitAsync(cancellationToken);
        return await _log.CommitAsync(batch, cancellationToken);
    }

    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken) => _log.FollowAsync(follower, cancellationToken);

    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => _log.BarrierAsync(cancellationToken);

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => _log.CompactAsync(revision, cancellationToken);

    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
