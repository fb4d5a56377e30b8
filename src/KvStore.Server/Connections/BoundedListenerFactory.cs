using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>Opens the listeners of the web server, and bounds the connections that they accept.</summary>
internal sealed class BoundedListenerFactory(
    IOptions<SocketTransportOptions> options, ConnectionGates gates, OperationsEndPoints operations, ConnectionLog log, TimeProvider time, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await _sockets.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);

        // Connections wait in it for the next process. Accepted here, they could be closed before their first request has arrived.
        if (endpoint is FileHandleEndPoint)
            lifetime.ApplicationStopping.Register(() => _ = listener.UnbindAsync(CancellationToken.None).AsTask());
        return operations.Contains(endpoint)
            ? new BoundedListener(listener, gates.Operators, isForOperators: true, log, time)
            : new BoundedListener(listener, gates.Clients, isForOperators: false, log, time);
    }
}
