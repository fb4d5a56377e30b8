namespace KvStore.Testing;

/// <summary>Makes snapshots as a store does, and remembers all that it was handed.</summary>
internal sealed class RecordingFollower : ICommitFollower
{
    private readonly SnapshotPublisher _publisher = new(new StoreOptions(), TimeProvider.System);
    private readonly Lock _lock = new();
    private readonly List<long> _images = [];
    private readonly List<Commit> _commits = [];
    private int _callers;

    public Snapshot Latest => _publisher.Latest;

    public MemoryBudget Memory => _publisher.Memory;

    /// <summary>Whether two calls ever overlapped, or a commit came before the first image.</summary>
    public bool WasMisused { get; private set; }

    public IReadOnlyList<long> Images => Copy(_images);

    public IReadOnlyList<Commit> Commits => Copy(_commits);

    public IDisposable Hold(Snapshot snapshot) => _publisher.Hold(snapshot);

    public void Load(long revision, IEnumerable<Entry> entries) => Record(_images, revision, () => _publisher.Load(revision, entries));

    public void Apply(IReadOnlyList<Commit> commits)
    {
        WasMisused |= Images.Count == 0 || commits.Count == 0;
        foreach (var commit in commits.SkipLast(1))
            Record(_commits, commit, () => { });
        Record(_commits, commits[^1], () => _publisher.Apply(commits));
    }

    public void Apply(Decision decision) => Apply(decision.Commits);

    public Task<Snapshot> ReachAsync(long revision) =>
        _publisher.WaitForRevisionAsync(revision, TestContext.Current.CancellationToken).AsTask().Within();

    private void Record<T>(List<T> list, T item, Action action)
    {
        WasMisused |= Interlocked.Increment(ref _callers) > 1;
        lock (_lock)
            list.Add(item);
        action();
        Interlocked.Decrement(ref _callers);
    }

    private List<T> Copy<T>(List<T> list)
    {
        lock (_lock)
            return [.. list];
    }
}
