using System.Globalization;

namespace KvStore.Etcd.Tests;

/// <summary>One run: clients that write and read through any replica while everything fails that can, and what is wrong afterwards.</summary>
internal sealed class Simulation
{
    private const int Replicas = 3;

    private readonly Random _random;
    private readonly SimulatedCluster _cluster;
    private readonly int _clients;
    private readonly int _operations;
    private readonly int _valueBytesMax;

    // So many moves of the clock in a thousand come with a disturbance, of these kinds.
    private readonly int _disturbedPerMille;
    private readonly Action[] _disturbances;

    private Simulation(int seed)
    {
        _random = new Random(seed);
        _clients = _random.Next(2, 6);
        _operations = _random.Next(10, 30);
        _valueBytesMax = _random.Next(3) == 0 ? 2000 : 20;
        var isReadSafe = _random.Next(2) == 0;
        var options = new EtcdLogOptions
        {
            CommitTimeout = TimeSpan.FromMilliseconds(_random.Next(200, 5000)),
            CheckpointLogBytesMin = _random.Next(3) == 0 ? long.MaxValue / 4 : _random.Next(100, 3000),
            PartBytesMax = _random.Next(2) == 0 ? 1 << 20 : _random.Next(100, 1000),
        };
        _cluster = new SimulatedCluster(_random, Replicas, options, () => new SimulatedFaults(_random, isReadSafe)) { Disturb = Disturb };
        _disturbedPerMille = _random.Next(2) * _random.Next(200);
        Action[] kinds = [Restart, CutOff, Suspend, Compact, Fill, BreakWatches, BreakWatches];
        _disturbances = [.. kinds.Where(_ => _random.Next(2) == 0)];
    }

    /// <summary>Runs the simulation of a seed.</summary>
    /// <returns>How many operations it had, of which how many were not answered, and how often a checkpoint was written.</returns>
    public static async Task<(int Operations, int Unanswered, int Checkpoints)> RunAsync(int seed)
    {
        var simulation = new Simulation(seed);
        var cluster = simulation._cluster;
        var mistakes = new List<string>();
        try
        {
            await cluster.DriveAsync(Task.WhenAll(Enumerable.Range(0, simulation._clients).Select(client =>
            {
                var random = new Random(simulation._random.Next());
                return Task.Run(() => simulation.RunClientAsync(client, random));
            })));
            mistakes.AddRange(await cluster.HealAsync());
            mistakes.AddRange(HistoryCheck.FindMistakes(cluster.History, cluster.Oracle));
        }
        finally
        {
            cluster.Disturb = () => { };
            await cluster.StopAsync();
        }

        Assert.True(mistakes.Count == 0, string.Join("\n\n", mistakes.Take(3)));
        var history = cluster.History;
        return (
            history.Count,
            history.Count(operation => operation.Revision is null),
            cluster.Replicas.Sum(replica => replica.Events.Count(happened => happened.Kind == EtcdLogEventKind.CheckpointWritten)));
    }

    private async Task RunClientAsync(int client, Random random)
    {
        var transactions = new SimulatedTransactions(random, _cluster.Time, _valueBytesMax);
        for (var i = 0; i < _operations; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{client}-{i}");
            var operation = random.Next(10) switch
            {
                < 3 => await _cluster.ReadAsync(random.Next(Replicas), id, CancellationToken.None),
                3 => await TryUntilAppliedAsync(transactions, id, random),
                _ => await _cluster.SubmitAsync(random.Next(Replicas), id, transactions.Next(id)),
            };
            if (operation.Read is { } seen)
                transactions.See(seen);
            if (operation.Revision is null || random.Next(3) == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 300)), _cluster.Time);
        }
    }

    private async Task<Observation> TryUntilAppliedAsync(SimulatedTransactions transactions, string id, Random random)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{id}.{attempt}");
            var operation = await _cluster.SubmitAsync(random.Next(Replicas), name, transactions.NextIdempotent(name, id));
            if (operation.Revision is not null || attempt == 5)
                return operation;
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 1000)), _cluster.Time);
        }
    }

    private void Disturb()
    {
        if (_random.Next(4) == 0)
            _cluster.Server.ExecuteDelayed(_random.Next);
        if (_disturbances.Length > 0 && _random.Next(1000) < _disturbedPerMille)
            _disturbances[_random.Next(_disturbances.Length)]();
        else if (_random.Next(20) == 0)
            End();
    }

    // What lasts ends here, for all at once.
    private void End()
    {
        _cluster.Server.IsFull = false;
        foreach (var replica in _cluster.Replicas)
        {
            replica.Etcd.Resume();
            replica.Etcd.Heal();
        }
    }

    private SimulatedReplica Any() => _cluster.Replicas[_random.Next(Replicas)];

    private void Restart() => _cluster.Restart(_random.Next(Replicas));

    private void CutOff() => Any().Etcd.CutOff();

    private void Suspend() => Any().Etcd.Suspend();

    private void BreakWatches() => Any().Etcd.BreakWatches();

    private void Fill() => _cluster.Server.IsFull = true;

    private void Compact()
    {
        var server = _cluster.Server;
        if (server.Revision > server.CompactedRevision + 1)
            server.Compact(_random.NextInt64(server.CompactedRevision + 1, server.Revision + 1));
    }
}
