using System.Net;
using System.Net.Sockets;

namespace KvStore.Testing;

/// <summary>A TCP connection to a service that can be cut: an address that stays the same, wherever the service is now.</summary>
internal sealed class Link : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private volatile bool _isCut;

    public Link()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>Where the service is; null while it is nowhere.</summary>
    public IPEndPoint? Target { get; set; }

    /// <summary>Ends all connections, and every new one at once.</summary>
    public void Cut()
    {
        _isCut = true;
        Socket[] open;
        lock (_lock)
            open = [.. _open];
        foreach (var socket in open)
            Reset(socket);
    }

    public void Heal() => _isCut = false;

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ForwardAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using var service = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            Add(client);
            Add(service);
            if (_isCut || Target is not { } target)
                return;
            await service.ConnectAsync(target);

            // One direction that ends does not end the other: a request may be over before its answer begins.
            await Task.WhenAll(CopyAsync(client, service), CopyAsync(service, client));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It was cut, or one of the two has closed it.
        }
        finally
        {
            lock (_lock)
            {
                _open.Remove(client);
                _open.Remove(service);
            }

            Reset(client);
            Reset(service);
        }
    }

    // A cut that comes between its look at the open sockets and this one is seen here.
    private void Add(Socket socket)
    {
        lock (_lock)
            _open.Add(socket);
        if (_isCut)
            Reset(socket);
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 << 10];
        while (await from.ReceiveAsync(buffer) is > 0 and var count)
            await to.SendAsync(buffer.AsMemory(0, count));
        to.Shutdown(SocketShutdown.Send);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }
}
