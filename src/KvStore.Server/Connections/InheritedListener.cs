using System.Net;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server;

/// <summary>
/// The listener of a socket that outlives the process. It accepts from when the store is loaded until a stop is asked for; before and after that,
/// connections wait in the socket for a process that can answer them.
/// </summary>
internal sealed class InheritedListener : IConnectionListener
{
    private readonly IConnectionListener _listener;
    private readonly Task _loaded;
    private readonly CancellationToken _stopping;

    public InheritedListener(IConnectionListener listener, Task loaded, CancellationToken stopping)
    {
        (_listener, _loaded, _stopping) = (listener, loaded, stopping);

        // Not when the web server stops: a connection that is accepted then may be closed before its first request has arrived.
        stopping.Register(() => _ = listener.UnbindAsync(CancellationToken.None).AsTask());
    }

    public EndPoint EndPoint => _listener.EndPoint;

    /// <summary>The next connection; null after a stop was asked for.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        await _loaded.WaitAsync(_stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _stopping.IsCancellationRequested ? null : await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => _listener.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
