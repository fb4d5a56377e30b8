namespace KvStore.Server;

/// <summary>How many connections may be open: what the settings ask for, as far as memory and the operating system let the process have it. Immutable.</summary>
/// <param name="ConnectionsMax">Connections of clients that are open at once.</param>
/// <param name="PerAddressMax">How many of those one address may have.</param>
/// <param name="OperatorsMax">Connections to the operators' listener, which are not among those.</param>
/// <param name="Descriptors">The limit on descriptors; null if there is none.</param>
internal sealed record ConnectionLimits(int ConnectionsMax, int PerAddressMax, int OperatorsMax, long? Descriptors)
{
    /// <summary>
    /// Descriptors that connections leave to everything else. The runtime opens its libraries when they are first needed, two
    /// descriptors each, and ends the process if it cannot: 223 were open after one request of each kind. The others are segments,
    /// checkpoints, connections that are being closed, and a margin.
    /// </summary>
    public const int OwnDescriptors = 320;

    // One address can be a proxy with everyone behind it, and a client that runs wild must leave something to others: a share that suits both.
    private const int SharePerAddress = 4;

    /// <summary>
    /// What an open connection has besides its buffers, which are charged when they are used (<see cref="ConnectionMemory"/>): its objects in
    /// the web server. Measured with 8,000 connections: 7.3 KiB of heap when nothing was sent, 8.7 after one request with what the collector had not
    /// freed yet. A long poll or watch that is open has 3 to 5 more, which its limit (<see cref="StoreOptions.WatchersMax"/>) bounds.
    /// </summary>
    public const int ConnectionBytes = 8 * 1024;

    /// <summary>The connections whose objects fit into the memory for connections; at least one.</summary>
    public static long InMemory(KvStoreOptions options) => Math.Max(1, options.Store.ConnectionsBytesMax / ConnectionBytes);

    /// <summary>Works the limits out.</summary>
    /// <exception cref="InvalidOperationException">The limit on descriptors leaves no connection. The message says how to raise it.</exception>
    public static ConnectionLimits Of(KvStoreOptions options, long? descriptors)
    {
        var left = descriptors - OwnDescriptors - options.OperationsConnectionsMax;
        if (left < 1)
        {
            throw new InvalidOperationException($"the limit of open files is {descriptors}, and the service needs {OwnDescriptors} for itself, {options.OperationsConnectionsMax} for "
                + $"{KvStoreOptions.Section}:{nameof(KvStoreOptions.OperationsConnectionsMax)}, and one for each connection. {Remedy}");
        }

        var connections = (int)Math.Min(Math.Min(options.ConnectionsMax, InMemory(options)), left ?? int.MaxValue);
        var share = connections - (connections / SharePerAddress);
        return new ConnectionLimits(connections, Math.Min(options.ConnectionsPerAddressMax > 0 ? options.ConnectionsPerAddressMax : share, connections), options.OperationsConnectionsMax, descriptors);
    }

    /// <summary>How an operator raises the limit on descriptors.</summary>
    public const string Remedy = "Raise it, with LimitNOFILE= in a systemd unit, --ulimit nofile= for a container, or ulimit -n in a shell.";
}
