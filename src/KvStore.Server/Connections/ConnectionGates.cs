namespace KvStore.Server;

/// <summary>The gates of the service: a flood of clients must not keep operators out.</summary>
internal sealed class ConnectionGates(ConnectionLimits limits)
{
    public ConnectionGate Clients { get; } = new(limits.ConnectionsMax, limits.PerAddressMax);

    /// <summary>Without a limit per address: they share one, that of this machine.</summary>
    public ConnectionGate Operators { get; } = new(limits.OperatorsMax, int.MaxValue);
}
