using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// Keeps one replica saved, and equal to the service's value. Callers change it under a lock; one background loop connects, sends and merges. The order matters: what is sent is saved before, so that no
/// change leaves that the replica would not know of after the end of its process.
/// </summary>
internal sealed partial class ReplicaSync : IAsyncDisposable
{
    private readonly KvStoreClient _client;
    private readonly KvReplicaOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly WakeSignal _signal;
    private readonly SemaphoreSlim _saving = new(1, 1);
    private Task _loop = Task.CompletedTask;

    // Any thread, under the lock.
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource> _waiters = [];
    private LocalReplica _local;
    private long _changes = 1;
    private long _saved;
    private (bool Repeats, TaskCompletionSource Done)? _restart;
    private bool _isDisposed;

    public ReplicaSync(KvStoreClient client, string key, LocalReplica local, KvReplicaOptions options)
    {
        _client = client;
        _options = options;
        _local = local;
        _signal = new WakeSignal(client.Options.TimeProvider);
        Key = key;
        Type = local.Value.Type;
    }

    public Action Changed { get; set; } = () => { };

    public Action StatusChanged { get; set; } = () => { };

    public string Key { get; }

    public CrdtType Type { get; }

    public KvReplicaStatus Status { get; private set; }

    public Exception? Failure { get; private set; }

    public void Start() => _loop = Task.Run(RunAsync);

    public T Read<T>(Func<LocalReplica, T> read)
    {
        lock (_lock)
            return read(_local);
    }

    public void Change(Func<LocalReplica, IntentOutcome> change)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(KvMergeableReplica));
            if (_local.MemoryBytes > _options.MemoryBytesMax)
                throw new InvalidOperationException($"The replica of {Key} takes more memory than {nameof(KvReplicaOptions.MemoryBytesMax)}, {_options.MemoryBytesMax} bytes.");
            switch (change(_local))
            {
                case IntentOutcome.Applied:
                    _changes++;
                    break;
                case IntentOutcome.Unchanged:
                    return;
                case IntentOutcome.Overflow:
                    throw new OverflowException($"The number of {Key} would leave 64 bits.");
                case IntentOutcome.OutOfRange:
                    throw new ArgumentOutOfRangeException(null, "A position is outside of the text.");
                case IntentOutcome.InvalidText:
                    throw new ArgumentException("A text has half of a surrogate pair, which UTF-8 cannot encode.");
                case IntentOutcome.Gap or IntentOutcome.Collected:
                    throw new InvalidOperationException("The version is not one of this replica, or older than what was collected. Read the text again.");
                default:
                    throw new InvalidOperationException($"A {CrdtTypeNames.NameOf(Type)} does not have this change.");
            }
        }

        _signal.Set();
    }

    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_options.Storage is not { } storage)
            return;
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            byte[] bytes;
            long changes;
            lock (_lock)
            {
                if (_saved == _changes)
                    return;
                (bytes, changes) = (ReplicaRecord.Write(_local, Key, storage.Place), _changes);
            }

            await storage.SaveAsync(bytes, cancellationToken).ConfigureAwait(false);
            lock (_lock)
                _saved = changes;
        }
        finally
        {
            _saving.Release();
        }
    }

    public Task SyncAsync(CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(KvMergeableReplica));
            _waiters.Add(waiter);
        }

        _signal.Set();
        return waiter.Task.WaitAsync(cancellationToken);
    }

    public Task RestartAsync(bool repeats, CancellationToken cancellationToken)
    {
        Task done;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(KvMergeableReplica));
            if (_restart is null && Status is not (KvReplicaStatus.Deleted or KvReplicaStatus.Replaced))
                throw new InvalidOperationException("The value was neither deleted nor replaced.");
            _restart ??= (repeats, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            done = _restart.Value.Done.Task;
        }

        _signal.Set();
        return done.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        var ended = new ObjectDisposedException(nameof(KvMergeableReplica));
        FailWaiters(ended);
        EndRestart(ended);
        await SaveAsync(CancellationToken.None).ConfigureAwait(false);
        _stop.Dispose();
    }

    private void SetStatus(KvReplicaStatus status, Exception? failure)
    {
        lock (_lock)
        {
            if (Status == status && Failure?.Message == failure?.Message)
                return;
            (Status, Failure) = (status, failure);
        }

        StatusChanged();
    }

    private TaskCompletionSource[] TakeWaiters()
    {
        lock (_lock)
        {
            TaskCompletionSource[] waiters = [.. _waiters];
            _waiters.Clear();
            return waiters;
        }
    }

    private void FailWaiters(Exception failure)
    {
        foreach (var waiter in TakeWaiters())
            waiter.TrySetException(failure);
    }

    private void EndRestart(Exception? failure)
    {
        TaskCompletionSource? done;
        lock (_lock)
        {
            done = _restart?.Done;
            _restart = null;
        }

        if (failure is null)
            done?.TrySetResult();
        else
            done?.TrySetException(failure);
    }
}
