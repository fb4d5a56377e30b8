using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>Opens the listeners of the web server, and bounds the connections that they accept.</summary>
internal sealed class BoundedListenerFactory(
    IOptions<SocketTransportOptions> options, ConnectionGates gates, ConnectionLog log, TimeProvider time, ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new BoundedListener(await _sockets.BindAsync(endpoint, cancellationToken).ConfigureAwait(false), gates.Clients, log, time);
}
