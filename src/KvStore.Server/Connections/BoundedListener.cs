using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace KvStore.Server;

/// <summary>
/// Accepts the connections of one address, and closes those that the gate does not admit at once, before anything of them is read.
/// Nothing but its end ends it: the web server would take an exception as a reason never to accept again.
/// </summary>
/// <remarks>
/// In place of the web server's own limit, which counts a connection only when a thread gets to it, logs a warning for each that is too
/// many, and is one for all addresses.
/// </remarks>
internal sealed class BoundedListener(
    IConnectionListener listener, ConnectionGate gate, bool isForOperators, Func<ConnectionContext, SocketOutput?> outputOf, ConnectionLog log, TimeProvider time) : IConnectionListener
{
    // Long enough to cost nothing, short enough that a client hardly notices.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private static readonly LingerOption Reset = new(enable: true, seconds: 0);

    public EndPoint EndPoint => listener.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (await listener.AcceptAsync(cancellationToken).ConfigureAwait(false) is not { } connection)
                    return null;
                var address = AddressKey.Of(connection.RemoteEndPoint);
                if (isForOperators)
                    connection.Features.Set(OperationsConnection.Instance);
                var counted = new CountedConnection(connection, gate, address, outputOf(connection));

                // Nothing after this can fail, so what is counted is released.
                var admission = gate.TryEnter(address);
                if (admission == Admission.Admitted)
                {
                    counted.Enter();
                    return counted;
                }

                log.Refused(admission, isForOperators);
                await CloseAsync(counted).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Such as no memory. What others hold is released some time, and clients that wait are accepted then.
                log.AcceptFailed(exception);
                await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    // A reset leaves nothing behind; an orderly close of so many would occupy the kernel for a minute.
    private static ValueTask CloseAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            socket.LingerState = Reset;
        connection.Abort();
        return connection.DisposeAsync();
    }
}
