namespace KvStore.Tests;

/// <summary>A memory log with places where a test can hold it, break it, or look at what it was given.</summary>
internal sealed class HookedLog(TimeProvider? time = null) : ICommitLog
{
    private readonly MemoryCommitLog _log = new(time ?? TimeProvider.System);

    public Func<CancellationToken, Task> Following { get; set; } = _ => Task.CompletedTask;

    /// <summary>Before anything of the batch is visible.</summary>
    public Func<Task> Committing { get; set; } = () => Task.CompletedTask;

    /// <summary>After the batch's snapshot was published, before the store has the outcomes.</summary>
    public Func<Task> Committed { get; set; } = () => Task.CompletedTask;

    public Func<Outcome[], Outcome[]> Answering { get; set; } = outcomes => outcomes;

    /// <summary>The size of each batch so far. To be read while the log is held or the store has stopped.</summary>
    public List<int> BatchSizes { get; } = [];

    public int Disposals { get; private set; }

    public async ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        await Following(cancellationToken);
        await _log.FollowAsync(follower, cancellationToken);
    }

    public async ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        BatchSizes.Add(batch.Count);
        await Committing();
        var outcomes = await _log.CommitAsync(batch, cancellationToken);
        await Committed();
        return Answering(outcomes);
    }

    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => _log.BarrierAsync(cancellationToken);

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => _log.CompactAsync(revision, cancellationToken);

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return _log.DisposeAsync();
    }
}
