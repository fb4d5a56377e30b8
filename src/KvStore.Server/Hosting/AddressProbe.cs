using System.Net;
using System.Net.Sockets;

namespace KvStore.Server;

/// <summary>Tries the addresses before the data is loaded, which can take minutes: the web server binds them only afterwards.</summary>
internal static class AddressProbe
{
    /// <exception cref="IOException">An address cannot be listened on. The message names it, and says why.</exception>
    public static void Check(IConfiguration configuration)
    {
        // They are open already.
        if (InheritedSockets.Any)
            return;
        foreach (var address in AddressSettings.Configured(configuration))
        {
            if (AddressSettings.TryParse(address, out var parsed) && !parsed.IsUnixPipe && !parsed.IsNamedPipe && parsed.Port != 0)
                Check(address, AddressSettings.HostsOf(parsed.Host) is { Length: > 0 } hosts && parsed.Host is not ("*" or "+") ? hosts : All(), parsed.Port);
        }
    }

    /// <summary>What the web server listens on: it takes any name but localhost for every address, in one socket if there is IPv6.</summary>
    private static IPAddress[] All() => [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any];

    private static void Check(string address, IPAddress[] hosts, int port)
    {
        var failures = hosts.Select(host => TryBind(host, port)).ToArray();

        // One loopback address of two is enough for localhost, unless another process has the port on either.
        if (failures.FirstOrDefault(failure => failure is SocketError.AddressAlreadyInUse) is { } inUse)
            throw Explain(address, port, inUse);
        if (Array.TrueForAll(failures, failure => failure is not null))
            throw Explain(address, port, failures[0]!.Value);
    }

    private static SocketError? TryBind(IPAddress host, int port)
    {
        try
        {
            using var socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (host.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(host, port));
            return null;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }

    private static IOException Explain(string address, int port, SocketError error) => new(error switch
    {
        SocketError.AddressAlreadyInUse => $"cannot listen on {address}: the port is in use by another process. Stop it, or choose another port with --urls.",
        SocketError.AddressNotAvailable => $"cannot listen on {address}: this machine does not have that address. Choose one that it has with --urls; http://0.0.0.0:{port} is all of them.",
        SocketError.AccessDenied => $"cannot listen on {address}: the user {Environment.UserName} may not use port {port}. Choose a port from 1024 on with --urls.",
        _ => $"cannot listen on {address}: {new SocketException((int)error).Message}.",
    });
}
