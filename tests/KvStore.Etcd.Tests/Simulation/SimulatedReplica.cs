namespace KvStore.Etcd.Tests;

/// <summary>One life of a replica: a store over the commit log over etcd, from its start until it is killed.</summary>
internal sealed class SimulatedReplica
{
    private readonly TaskCompletionSource _death = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SimulatedReplica(FakeEtcdServer server, EtcdLogOptions options, SimulatedFaults? faults, TimeProvider time)
    {
        Etcd = new FakeEtcd(server);
        Faults = faults;
        faults?.Attach(Etcd);
        Diverging = new DivergingLog(new EtcdCommitLog(Etcd, options, time, Events.Enqueue));
        Store = new Store(Diverging, new StoreOptions(), time);
        Store.Start();
    }

    public FakeEtcd Etcd { get; }

    public DivergingLog Diverging { get; }

    public SimulatedFaults? Faults { get; }

    public Store Store { get; }

    /// <summary>What the log reported.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<EtcdLogEvent> Events { get; } = [];

    public bool IsRunning => Store.State == StoreState.Running && !_death.Task.IsCompleted;

    /// <summary>Submits a transaction; null if the process dies before it has answered.</summary>
    public async Task<Outcome?> SubmitAsync(Transaction transaction)
    {
        var submitted = Store.SubmitAsync(transaction);
        return await Task.WhenAny(submitted, _death.Task) == submitted ? await submitted : null;
    }

    /// <summary>Reads linearizably; null if that fails.</summary>
    public async Task<Snapshot?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning)
            return null;
        var read = Store.ReadAsync(cancellationToken).AsTask();
        return await Task.WhenAny(read, _death.Task) == read ? await read : null;
    }

    /// <summary>Ends the process as kill -9 does: nothing more is sent or answered.</summary>
    /// <returns>Completes when what it had in memory is gone too.</returns>
    public Task KillAsync()
    {
        Etcd.CutOff();
        Etcd.Resume();
        _death.TrySetResult();
        return Store.DisposeAsync().AsTask();
    }
}
