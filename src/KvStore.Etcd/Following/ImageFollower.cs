namespace KvStore.Etcd;

/// <summary>Makes an image from a log, without a history. One call at a time.</summary>
/// <param name="memory">What the store may hold. It is not charged.</param>
internal sealed class ImageFollower(MemoryBudget memory) : ICommitFollower
{
    public Snapshot Latest { get; private set; } = Snapshot.Empty;

    public MemoryBudget Memory => memory;

    public IDisposable Hold(Snapshot snapshot) => new Holding();

    public void Load(long revision, IEnumerable<Entry> entries) => Latest = Snapshot.FromSorted(revision, entries);

    public void Apply(Decision decision) => Latest = decision.After;

    public void Apply(IReadOnlyList<Commit> commits)
    {
        var builder = Latest.ToBuilder();
        foreach (var commit in commits)
            builder.Apply(commit);
        Latest = builder.ToSnapshot(commits[^1].Revision);
    }

    // Nothing counts what is loaded aside.
    private sealed class Holding : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
