using System.Threading.Channels;

namespace KvStore.Tests;

/// <summary>
/// A log of the kind that a cluster is: operations that do not touch each other's keys are committed together at one
/// revision, revisions leave gaps, and the follower hears of a commit on another thread after the caller had its outcome.
/// </summary>
internal sealed class SharingLog(TimeProvider time) : ICommitLog
{
    private readonly Dictionary<Key, Entry> _entries = [];
    private readonly Channel<Commit> _deliveries = Channel.CreateUnbounded<Commit>();
    private Task _delivery = Task.CompletedTask;
    private long _revision = 100;

    // The commit that gathers.
    private readonly List<CommittedChange> _changes = [];
    private readonly HashSet<Key> _changed = [];

    private long Next => _revision + 3;

    private long Met => _changes.Count > 0 ? Next : _revision;

    public Func<Task> Delivering { get; set; } = () => Task.CompletedTask;

    public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        follower.Load(_revision, []);
        _delivery = Task.Run(() => DeliverAsync(follower), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Operation> batch, CancellationToken cancellationToken)
    {
        var outcomes = new Outcome[batch.Count];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[i] = Decide(batch[i]);
        Deliver();
        return ValueTask.FromResult(outcomes);
    }

    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Volatile.Read(ref _revision));

    public ValueTask CompactAsync(long revision, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _deliveries.Writer.TryComplete();
        await _delivery;
    }

    private Outcome Decide(Operation operation)
    {
        if (operation.Guards.Select(guard => guard.Key).Concat(operation.Changes.Select(change => change.Key)).Any(_changed.Contains))
            Deliver();

        var failed = operation.Guards.Select(guard => new FailedGuard(guard, Find(guard.Key)))
            .Where(guard => !guard.Guard.HoldsFor(guard.Current)).ToArray();
        if (failed.Length > 0)
            return new Outcome.GuardsFailed(Met, [.. failed]);

        var changes = operation.Changes.Select(Carry).Where(change => change != default).ToArray();
        if (changes.Length == 0)
            return new Outcome.Committed(Met, null);
        _changes.AddRange(changes);
        _changed.UnionWith(changes.Select(change => change.Key));
        return new Outcome.Committed(Next, new Commit(Next, changes));
    }

    private CommittedChange Carry(Change change)
    {
        var previous = Find(change.Key);
        var revision = Next;
        return new CommittedChange(previous, change is not Put put ? null : Entry.Create(
            put.Key, put.Value, put.ContentType, previous?.CreatedRevision ?? revision, revision, (previous?.Version ?? 0) + 1,
            time.GetUtcNow().ToUnixTimeMilliseconds(), put.ExpiresAt?.ToUnixTimeMilliseconds() ?? Entry.Never));
    }

    private Entry? Find(Key key) => _entries.TryGetValue(key, out var entry) ? entry : null;

    private void Deliver()
    {
        if (_changes.Count == 0)
            return;
        foreach (var change in _changes)
        {
            if (change.Current is { } entry)
                _entries[entry.Key] = entry;
            else
                _entries.Remove(change.Key);
        }

        var revision = Next;
        _deliveries.Writer.TryWrite(new Commit(revision, [.. _changes]));
        Volatile.Write(ref _revision, revision);
        _changes.Clear();
        _changed.Clear();
    }

    private async Task DeliverAsync(ICommitFollower follower)
    {
        await foreach (var commit in _deliveries.Reader.ReadAllAsync())
        {
            await Delivering();
            follower.Apply([commit]);
        }
    }
}
