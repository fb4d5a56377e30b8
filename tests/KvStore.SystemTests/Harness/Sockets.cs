using System.Net;
using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>Many connections that send nothing.</summary>
internal sealed class Sockets : IDisposable
{
    private readonly List<Socket> _all = [];

    /// <summary>Opens connections one after the other.</summary>
    /// <param name="address">The service.</param>
    /// <param name="count">How many.</param>
    /// <param name="source">The address that they come from.</param>
    public async Task OpenAsync(Uri address, int count, string source = "127.0.0.1")
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _all.Add(socket);
            socket.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
            try
            {
                await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused)
            {
                // Closed at once.
            }
        }
    }

    /// <summary>How many the service has not closed.</summary>
    public int Alive() => _all.Count(socket => socket.Connected && !(socket.Poll(0, SelectMode.SelectRead) && IsClosed(socket)));

    public void Dispose() => _all.ForEach(socket => socket.Dispose());

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Receive(stackalloc byte[1], SocketFlags.Peek) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
