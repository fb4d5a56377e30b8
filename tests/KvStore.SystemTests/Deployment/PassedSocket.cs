using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KvStore.SystemTests;

/// <summary>A listening socket that is passed to services as systemd passes that of kvstore.socket, and outlives them.</summary>
internal sealed partial class PassedSocket : IDisposable
{
    private const int SetDescriptorFlags = 2;

    // Becomes the service, so that the id of the process stays.
    private const string Pass = "exec 3<&\"$1\"; shift; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$@\"";

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public PassedSocket()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen();

        // Without this flag it would be closed in every child.
        if (SetFlags((int)_socket.Handle, SetDescriptorFlags, 0) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Starts the service with the socket in place of an address.</summary>
    public ServerProcess Launch(string[] arguments, params (string Name, string Value)[] settings) => ServerProcess.Launch(
        arguments,
        settings.Select(setting => ("KvStore__" + setting.Name, setting.Value)),
        ["bash", "-c", Pass, "bash", ((int)_socket.Handle).ToString(CultureInfo.InvariantCulture)]);

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetFlags(int descriptor, int command, int flags);
}
