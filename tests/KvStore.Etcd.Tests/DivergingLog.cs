namespace KvStore.Etcd.Tests;

/// <summary>A commit log of a replica whose memory can be made to differ from that of the others: at the next commit, the value of <see cref="Spoilt"/> changes.</summary>
internal sealed class DivergingLog(ICommitLog log) : ICommitLog
{
    private Follower? _follower;

    public static Key Spoilt { get; } = Some.Key("spoilt");

    public StoreId StoreId => log.StoreId;

    public Task Completion => log.Completion;

    public CommitLogConnection? Connection => log.Connection;

    public int Rank => log.Rank;

    /// <summary>Whether the state is, or is about to be, another one.</summary>
    public bool IsDiverging => _follower?.Diverges == true;

    public void Diverge() => _follower!.Diverges = true;

    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken) => log.FollowAsync(_follower = new Follower(follower), cancellationToken);

    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken) => log.CommitAsync(batch, cancellationToken);

    public ValueTask GatherAsync(int queued) => log.GatherAsync(queued);

    public ValueTask<long?> BarrierAsync(CancellationToken cancellationToken) => log.BarrierAsync(cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private sealed class Follower(ICommitFollower inner) : ICommitFollower
    {
        private volatile bool _diverges;

        public bool Diverges
        {
            get => _diverges;
            set => _diverges = value;
        }

        public Snapshot Latest => inner.Latest;

        public MemoryBudget Memory => inner.Memory;

        public IDisposable Hold(Snapshot snapshot) => inner.Hold(snapshot);

        public void Load(long revision, IEnumerable<Entry> entries) => inner.Load(revision, entries);

        public void Apply(IReadOnlyList<Commit> commits)
        {
            inner.Apply(commits);
            Spoil();
        }

        public void Apply(Decision decision)
        {
            inner.Apply(decision);
            Spoil();
        }

        private void Spoil()
        {
            if (!_diverges || Latest.Find(Spoilt) is not { } entry)
                return;
            _diverges = false;
            var spoilt = Entry.Create(entry.KeyUtf8, Some.Bytes("?"), entry.ContentType, entry.CreatedRevision, entry.Revision, entry.Version, entry.ModifiedAtMilliseconds, entry.ExpiresAtMilliseconds);
            inner.Load(Latest.Revision, [.. Latest.ScanAll().Select(other => other.Key == Spoilt ? spoilt : other)]);
        }
    }
}
