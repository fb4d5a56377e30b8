using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KvStore.Server;

/// <summary>
/// Listening sockets that the service manager opened and passed on (systemd's socket activation). They stay open while the service restarts: connections
/// wait in them, and none is refused. They replace all other addresses for clients.
/// </summary>
/// <remarks>The protocol is that of sd_listen_fds(3): as many descriptors from 3 on as LISTEN_FDS says, if LISTEN_PID is this process.</remarks>
internal static class InheritedSockets
{
    private const int FirstDescriptor = 3;

    private static readonly int Count =
        Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) &&
        int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    /// <summary>Whether there are any.</summary>
    public static bool Any => Count > 0;

    /// <summary>Where they listen, in the form of <c>urls</c>.</summary>
    public static string[] Addresses { get; } = [.. Enumerable.Range(FirstDescriptor, Count).Select(AddressOf)];

    /// <summary>Has the web server listen on them.</summary>
    public static void Listen(KestrelServerOptions kestrel)
    {
        for (var descriptor = FirstDescriptor; descriptor < FirstDescriptor + Count; descriptor++)
            kestrel.ListenHandle((ulong)descriptor);
    }

    private static string AddressOf(int descriptor)
    {
        using var handle = new SafeSocketHandle(descriptor, ownsHandle: false);
        using var socket = new Socket(handle);
        return socket.LocalEndPoint is UnixDomainSocketEndPoint path ? $"http://unix:{path}" : $"http://{socket.LocalEndPoint as IPEndPoint}";
    }
}
