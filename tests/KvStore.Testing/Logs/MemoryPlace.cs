namespace KvStore.Testing;

/// <summary>A place in memory: a list of batches that every replica evaluates in order, each on its own, some time after it was appended.</summary>
internal sealed class MemoryPlace : ILogPlace
{
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(1);

    private readonly ObservedTime _time = new();
    private readonly Lock _lock = new();
    private readonly StoreId _id = StoreId.Create();

    // Guarded by the lock.
    private readonly List<(IReadOnlyList<Transaction>? Batch, long Now)> _records = [];
    private readonly List<Replica> _replicas = [];
    private bool _isCutOff;
    private bool _isSilent;

    public ICommitLog Open()
    {
        var replica = new Replica(this);
        lock (_lock)
            _replicas.Add(replica);
        return replica;
    }

    public void CutOff() => Change(() => _isCutOff = true);

    public void Silence() => Change(() => _isSilent = true);

    public void Restore() => Change(() => _isCutOff = _isSilent = false);

    public void Advance(TimeSpan time) => _time.Advance(time);

    public void Spoil() => Change(() => _records.Add((null, 0)));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            foreach (var replica in _replicas)
                replica.Catch();
        }
    }

    private sealed class Replica(MemoryPlace place) : ICommitLog
    {
        private readonly BatchDecider _decider = new(TimeProvider.System);
        private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Dictionary<int, TaskCompletionSource<Outcome[]>> _pending = [];
        private ICommitFollower? _follower;
        private int _applied;
        private DateTimeOffset _knownAt = place._time.GetUtcNow();
        private DateTimeOffset? _lostAt;

        public StoreId StoreId => place._id;

        public Task Completion => _completion.Task;

        public CommitLogConnection? Connection
        {
            get
            {
                lock (place._lock)
                    return new CommitLogConnection(place._isCutOff || place._isSilent ? place._time.GetUtcNow() - _knownAt : TimeSpan.Zero, _lostAt, null);
            }
        }

        public ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
        {
            lock (place._lock)
            {
                follower.Load(0, []);
                _follower = follower;
                Catch();
            }

            return ValueTask.CompletedTask;
        }

        public async ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
        {
            Task<Outcome[]> applied;
            lock (place._lock)
            {
                if (place._isCutOff || _completion.Task.IsCompleted)
                    return [.. batch.Select(_ => new Outcome.NotApplied(NotAppliedReason.Unreachable))];
                var pending = new TaskCompletionSource<Outcome[]>(TaskCreationOptions.RunContinuationsAsynchronously);
                _pending.Add(place._records.Count, pending);
                applied = pending.Task;
                place._records.Add((batch, place._time.GetUtcNow().ToUnixTimeMilliseconds()));
                foreach (var replica in place._replicas)
                    replica.Catch();
            }

            await ((Task)applied).WaitAsync(CommitTimeout, place._time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return applied.IsCompletedSuccessfully ? await applied : [.. batch.Select(_ => Outcome.Unknown.Instance)];
        }

        public ValueTask<long?> BarrierAsync(CancellationToken cancellationToken)
        {
            lock (place._lock)
                return ValueTask.FromResult(place._isCutOff || place._isSilent || _completion.Task.IsCompleted ? null : (long?)_follower!.Latest.Revision);
        }

        public ValueTask DisposeAsync()
        {
            lock (place._lock)
                place._replicas.Remove(this);
            _completion.TrySetResult();
            return ValueTask.CompletedTask;
        }

        /// <summary>Applies what is new, as far as it can be heard. Under the lock.</summary>
        public void Catch()
        {
            _lostAt = place._isCutOff ? _lostAt ?? place._time.GetUtcNow() : null;
            if (place._isCutOff || place._isSilent || _follower is null || _completion.Task.IsCompleted)
                return;
            _knownAt = place._time.GetUtcNow();
            for (; _applied < place._records.Count; _applied++)
            {
                var (batch, now) = place._records[_applied];
                if (batch is null)
                {
                    _completion.TrySetException(new InvalidOperationException("The record cannot be read."));
                    return;
                }

                var decision = _decider.Decide(_follower, batch, new DecisionLimits { Now = now, IgnoresMemory = true });
                if (decision.Commits.Count > 0)
                    _follower.Apply(decision);
                if (_pending.Remove(_applied, out var pending))
                    pending.SetResult(decision.Outcomes);
            }
        }
    }
}
