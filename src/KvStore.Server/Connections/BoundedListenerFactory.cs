using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>Opens the listeners of the web server, and bounds the connections that they accept.</summary>
internal sealed class BoundedListenerFactory(
    IOptions<SocketTransportOptions> options, ConnectionGates gates, OperationsEndPoints operations, ConnectionLog log, TimeProvider time,
    IMemoryPoolFactory<byte> memory, Store store, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, new AcceptFailures(loggers));

    // As the web server's transport: one for all of its connections.
    private readonly MemoryPool<byte> _memory = memory.Create(new MemoryPoolOptions { Owner = "kvstore" });

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await _sockets.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
        if (endpoint is FileHandleEndPoint)
            listener = new InheritedListener(listener, store.Loaded, lifetime.ApplicationStopping);
        return operations.Contains(endpoint)
            ? new BoundedListener(listener, gates.Operators, isForOperators: true, OutputOf, log, time)
            : new BoundedListener(listener, gates.Clients, isForOperators: false, OutputOf, log, time);
    }

    private SocketOutput? OutputOf(ConnectionContext connection) => connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket
        ? new SocketOutput(connection, socket, _memory, options.Value.MaxWriteBufferSize)
        : null;
}
