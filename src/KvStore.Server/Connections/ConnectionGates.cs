namespace KvStore.Server;

/// <summary>The gates of the service: a flood of clients must not keep operators out.</summary>
internal sealed class ConnectionGates(ConnectionLimits limits, Store store)
{
    public ConnectionGate Clients { get; } = new(limits.ConnectionsMax, limits.PerAddressMax, store.Memory.Connections);

    /// <summary>Without a limit per address, because they share that of this machine, and without one of memory, because they are few.</summary>
    public ConnectionGate Operators { get; } = new(limits.OperatorsMax, int.MaxValue, memory: null);
}
