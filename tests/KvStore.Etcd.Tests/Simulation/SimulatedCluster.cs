using System.Collections.Concurrent;
using System.Diagnostics;

namespace KvStore.Etcd.Tests;

/// <summary>
/// Replicas over one etcd in memory, with a clock that stands still while anything happens and moves when everything waits. A seed decides
/// everything except in which order threads run.
/// </summary>
internal sealed class SimulatedCluster
{
    // A thread that does nothing for so long is not at work but blocked, such as one that loads an image whose parts are under way.
    private static readonly TimeSpan BlockedMin = TimeSpan.FromMilliseconds(20);

    private readonly Random _random;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly EtcdLogOptions _options;
    private readonly ConcurrentQueue<Observation> _history = [];
    private readonly List<Task> _ending = [];
    private readonly SimulatedReplica[] _replicas;
    private readonly Func<SimulatedFaults?> _newFaults;
    private long _moment;

    public SimulatedCluster(Random random, int replicas, EtcdLogOptions options, Func<SimulatedFaults?>? newFaults = null)
    {
        (_random, _newFaults) = (random, newFaults ?? (() => null));
        _options = options with { Serving = () => replicas };
        Oracle = new Oracle(Server, options.Prefix, _time);
        _replicas = [.. Enumerable.Range(0, replicas).Select(NewReplica)];
    }

    public FakeEtcdServer Server { get; } = new() { SerializableLag = () => 3 };

    public Oracle Oracle { get; }

    public FakeTimeProvider Time => _time;

    public IReadOnlyList<SimulatedReplica> Replicas => _replicas;

    public IReadOnlyList<Observation> History => [.. _history];

    /// <summary>Called now and then while work is under way, as often as the clock moves.</summary>
    public Action Disturb { get; set; } = () => { };

    /// <summary>Submits a transaction and records what came of it.</summary>
    public async Task<Observation> SubmitAsync(int replica, string id, Transaction transaction)
    {
        var operation = new Observation(id, transaction, Interlocked.Increment(ref _moment)) { Replica = replica };
        var outcome = await _replicas[replica].SubmitAsync(transaction);
        operation = operation with { Outcome = outcome, ReturnedAt = outcome is null ? long.MaxValue : Interlocked.Increment(ref _moment) };
        _history.Enqueue(operation);
        return operation;
    }

    /// <summary>Reads linearizably and records what was seen.</summary>
    public async Task<Observation> ReadAsync(int replica, string id, CancellationToken cancellationToken)
    {
        var operation = new Observation(id, null, Interlocked.Increment(ref _moment)) { Replica = replica };
        var read = await _replicas[replica].ReadAsync(cancellationToken);
        operation = operation with { Read = read, ReturnedAt = Interlocked.Increment(ref _moment) };
        _history.Enqueue(operation);
        return operation;
    }

    /// <summary>Kills a replica and starts it again.</summary>
    public void Restart(int replica)
    {
        _ending.Add(_replicas[replica].KillAsync());
        _replicas[replica] = NewReplica(replica);
    }

    /// <summary>Moves the clock whenever everything waits, until some work is done.</summary>
    public async Task DriveAsync(Task work)
    {
        // A thread of its own: one of the pool would never see the pool idle.
        await Task.Factory.StartNew(() => Drive(work), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await work;
    }

    private void Drive(Task work)
    {
        var start = Stopwatch.GetTimestamp();
        var (activity, activeAt) = (Activity(), start);
        while (!work.IsCompleted)
        {
            Thread.Yield();
            if (Stopwatch.GetElapsedTime(start) > Soon.Patience)
                throw new TimeoutException($"Nothing came of it until {_time.GetUtcNow():T}. {Describe()}");
            if (Activity() is var now && now != activity)
                (activity, activeAt) = (now, Stopwatch.GetTimestamp());
            if (!IsPoolIdle && Stopwatch.GetElapsedTime(activeAt) < BlockedMin)
                continue;
            if (_replicas.FirstOrDefault(replica => replica.Store.Completion.IsFaulted) is { } failed)
                throw failed.Store.Completion.Exception!.InnerException!;
            Disturb();
            _time.Advance(TimeSpan.FromMilliseconds(_random.Next(1, 40)));
        }
    }

    /// <summary>Ends all faults and waits until every replica has everything.</summary>
    /// <returns>What differs between replicas.</returns>
    public async Task<List<string>> HealAsync()
    {
        Disturb = () => { };
        Server.IsFull = false;
        foreach (var replica in _replicas)
        {
            replica.Faults?.Heal();
            replica.Etcd.Resume();
            replica.Etcd.Heal();
        }

        while (Server.Delayed > 0)
            Server.ExecuteDelayed(_ => 0);
        await DriveAsync(Task.WhenAll(_replicas.Select(async (_, index) =>
        {
            while ((await ReadAsync(index, "last", CancellationToken.None)).Read?.Revision != Oracle.Latest.Revision)
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time);
        })));

        // Expiries go on, so the truth is asked for at each one's revision.
        return [.. _replicas.Select(replica => replica.Store.Latest).Select((state, index) => (state, index))
            .Where(found => DescribeAll(found.state) != DescribeAll(Oracle.At(found.state.Revision)!))
            .Select(found => $"Replica {found.index} has\n{DescribeAll(found.state)}\ninstead of\n{DescribeAll(Oracle.At(found.state.Revision)!)}")];
    }

    /// <summary>Ends all replicas.</summary>
    public Task StopAsync() => DriveAsync(Task.WhenAll([.. _ending, .. _replicas.Select(replica => replica.KillAsync())]));

    private static string DescribeAll(Snapshot state) => $"revision {state.Revision}\n{string.Join('\n', state.ScanAll().Select(entry => States.Describe(entry)))}";

    private SimulatedReplica NewReplica(int index) => new(Server, _options with { Rank = () => index }, _newFaults(), _time);

    // Other tests may keep the pool busy; then the clock is slow.
    private static bool IsPoolIdle
    {
        get
        {
            ThreadPool.GetMaxThreads(out var threads, out _);
            ThreadPool.GetAvailableThreads(out var available, out _);
            return available == threads && ThreadPool.PendingWorkItemCount == 0;
        }
    }

    private long Activity() => Server.Revision + Volatile.Read(ref _moment) + _replicas.Sum(replica => replica.Faults?.Count ?? 0);

    private string Describe() => $"etcd at {Server.Revision}, operation {_moment}, calls {string.Join(", ", _replicas.Select(replica => replica.Faults?.Count))}; " + string.Join("; ", _replicas.Select((replica, index) =>
        $"replica {index}: {replica.Store.State} at {replica.Store.Latest.Revision}, {string.Join(", ", replica.Events.TakeLast(3))}"));
}
