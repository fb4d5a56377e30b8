namespace KvStore.Server;

/// <summary>The replicas of the store, whatever the engine. Thread-safe.</summary>
internal interface ICluster
{
    /// <summary>What is known now; with an engine that has other replicas, of the last second.</summary>
    ValueTask<ClusterStatus> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Forgets a replica that has failed.</summary>
    /// <returns>What prevents it; null if it is forgotten.</returns>
    Task<Problem?> ForgetAsync(string id, CancellationToken cancellationToken);
}
