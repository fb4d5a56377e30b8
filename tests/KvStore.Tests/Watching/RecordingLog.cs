namespace KvStore.Tests;

/// <summary>A log that remembers every commit that it hands over, before anybody can see it.</summary>
internal sealed class RecordingLog(ICommitLog log) : ICommitLog
{
    private readonly List<Commit> _commits = [];

    /// <summary>All commits, in order. To be read when nothing is being committed any more.</summary>
    public IReadOnlyList<Commit> Commits => _commits;

    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken) =>
        log.FollowAsync(new Recorder(follower, _commits), cancellationToken);

    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken) =>
        log.CommitAsync(batch, cancellationToken);

    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => log.BarrierAsync(cancellationToken);

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => log.CompactAsync(revision, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private sealed class Recorder(ICommitFollower follower, List<Commit> commits) : ICommitFollower
    {
        public Snapshot Latest => follower.Latest;

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
