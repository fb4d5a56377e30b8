namespace KvStore.Etcd;

/// <summary>
/// The membership of one replica: it announces itself by a record in etcd, and follows the records of the others. Nothing depends on it but what operators see, the
/// order in which replicas do what one of them has to do, and the clock. Thread-safe.
/// </summary>
internal sealed class Membership : IAsyncDisposable
{
    private readonly MembershipOptions _options;
    private readonly ReplicaKeys _keys;
    private readonly ReplicaTable _table;
    private readonly Func<long> _revision;
    private readonly TimeProvider _time;
    private readonly Action<MembershipEvent> _report;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _soon = new();
    private CancellationTokenSource? _watching;
    private Task _running = Task.CompletedTask;
    private volatile ReplicaState _state = ReplicaState.Joining;
    private volatile bool _isAnnounced;
    private volatile bool _isWatching;
    private long _counter;
    private bool _hasWarned;

    /// <param name="etcd">The cluster.</param>
    /// <param name="options">Who this replica is.</param>
    /// <param name="revision">The revision of its latest snapshot.</param>
    /// <param name="clock">Follows the clocks of the others from then on.</param>
    /// <param name="report">Takes what operators should know, on any thread.</param>
    public Membership(IEtcd etcd, MembershipOptions options, Func<long> revision, ClusterClock clock, Action<MembershipEvent> report)
    {
        (_options, _revision, _time, _report) = (options, revision, clock.Own, report);
        Clock = clock;
        _keys = new ReplicaKeys(etcd, options.RecordPrefix);
        _table = new ReplicaTable(options, revision, _time);
    }

    /// <summary>The clock of the replicas together.</summary>
    public ClusterClock Clock { get; }

    /// <summary>Completes when this replica knows what time the others have, or has waited for them long enough; not while etcd is away. Before, it should stamp nothing.</summary>
    public Task Joined => _joined.Task;

    /// <summary>The place of this replica among those that are ready.</summary>
    public int Rank => _table.Rank();

    /// <summary>The replicas, as they were last heard.</summary>
    public Replica[] Replicas => _table.List();

    /// <summary>Whether <see cref="Replicas"/> are those of now, as far as this replica can know without asking etcd.</summary>
    public bool IsCurrent => _isWatching && _isAnnounced;

    /// <summary>What this replica does. A change of it is announced at once.</summary>
    public ReplicaState State
    {
        get => _state;
        set
        {
            if (_state == value)
                return;
            _state = value;
            AnnounceSoon();
        }
    }

    public void Start() => _running = Task.WhenAll(AnnounceAsync(), FollowAsync(), TickAsync());

    /// <summary>Asks etcd for the records, and returns them.</summary>
    /// <exception cref="EtcdException">They are not known.</exception>
    public async Task<Replica[]> ListAsync(CancellationToken cancellationToken)
    {
        if (_table.Apply(await _keys.ListAsync(cancellationToken).ConfigureAwait(false)))
            AnnounceSoon();
        return _table.List();
    }

    /// <summary>Removes the record of a replica that has failed.</summary>
    /// <returns>False if it is alive, or was written to meanwhile.</returns>
    /// <exception cref="EtcdException">It is not known whether it is removed.</exception>
    public async Task<bool> ForgetAsync(Replica replica, CancellationToken cancellationToken) =>
        replica.State == ReplicaState.Failed && await _keys.DeleteAsync(replica.Record.Id, replica.ModRevision, cancellationToken).ConfigureAwait(false);

    /// <summary>Stops, and deletes the own record, if etcd answers in time.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        try
        {
            await _keys.DeleteAsync(_options.Id, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is EtcdException or OperationCanceledException)
        {
            // The others find it silent, and remove it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task StopAsync()
    {
        if (!_stopping.IsCancellationRequested)
            await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void AnnounceSoon() => Volatile.Read(ref _soon).TrySetResult();

    private async Task AnnounceAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            // A watch that is silent without having ended does not show the record that was written an interval ago.
            if (_isAnnounced && _isWatching && _table.OwnSilence > 1.5 * _options.Interval)
                EndWatch();

            // Before the record is made, so that what changes meanwhile is announced by the next one.
            var soon = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _soon, soon);
            _isAnnounced = await TryAsync(() => _keys.PutAsync(NewRecord(), _stopping.Token)).ConfigureAwait(false);
            await Task.Delay(_options.AnnouncementGap, _time, _stopping.Token).ConfigureAwait(false);
            if (!_isAnnounced)
                await Task.Delay(_options.Tick, _time, _stopping.Token).ConfigureAwait(false);
            else
                await soon.Task.WaitAsync(_joined.Task.IsCompleted ? _options.Interval : _options.Tick, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ReplicaRecord NewRecord()
    {
        var clock = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return new ReplicaRecord
        {
            Id = _options.Id,
            Name = _options.Name(),
            Url = _options.Url(),
            Version = _options.Version,
            State = _state,
            Revision = _revision(),
            Counter = ++_counter,
            Clock = clock,
            ClockOffset = _joined.Task.IsCompleted ? (long)Clock.Offset.TotalMilliseconds : null,
            Failed = _table.Failed(),
        };
    }

    private async Task FollowAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await TryAsync(FollowOnceAsync).ConfigureAwait(false);
            _isWatching = false;
            await Task.Delay(_options.Tick, _time, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task FollowOnceAsync()
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _watching = watching;
        var list = await _keys.ListAsync(watching.Token).ConfigureAwait(false);
        if (_table.Apply(list))
            AnnounceSoon();
        await foreach (var response in _keys.WatchAsync(list.Header.Revision, watching.Token).ConfigureAwait(false))
        {
            _isWatching = true;
            Take(response);
        }
    }

    private void Take(Protocol.WatchResponse response)
    {
        var isNews = _table.Apply(response.Events);

        // A replica that has started needs the others' clocks; one whose record was removed while it lives writes it again.
        if (isNews || (_counter > 0 && response.Events.Any(change => change.Type == Protocol.Event.Types.EventType.Delete && change.Kv.Key.ToStringUtf8() == _options.RecordPrefix + _options.Id)))
            AnnounceSoon();
        if (_joined.Task.IsCompleted)
            FollowClocks();
    }

    private async Task TickAsync()
    {
        long? currentSince = null;
        var failures = new FailureReports(_table, _report);
        while (!_stopping.IsCancellationRequested)
        {
            _table.Tick(IsCurrent);
            if (failures.Report())
                AnnounceSoon();
            if (IsCurrent)
                currentSince ??= _time.GetTimestamp();

            // Not earlier: the first clocks that it follows decide where the common clock begins here. Without any, a wrong own clock would expire entries early.
            if (currentSince is { } since && (_table.HasHeardAll() || (_time.GetElapsedTime(since) >= _options.JoinWaitMax && _table.HasHeardHalf())))
            {
                FollowClocks();
                if (_joined.TrySetResult())
                    AnnounceSoon();
            }

            foreach (var replica in _table.Forgotten())
                await TryAsync(() => ForgetAsync(replica, _stopping.Token)).ConfigureAwait(false);
            await Task.Delay(_joined.Task.IsCompleted ? _options.Tick : _options.Tick / 2, _time, _stopping.Token).ConfigureAwait(false);
        }
    }

    private void FollowClocks()
    {
        Clock.Follow(_table.Clocks());
        if (_hasWarned || Clock.Error.Duration() < TimeSpan.FromSeconds(1))
            return;
        _hasWarned = true;
        _report(new MembershipEvent.ClockIsOff(Clock.Error));
    }

    private void EndWatch()
    {
        try
        {
            _watching?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    private async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
            return true;
        }
        catch (EtcdException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
