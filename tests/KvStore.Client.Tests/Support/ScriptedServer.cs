using System.Net;
using System.Net.Sockets;

namespace KvStore.Client.Tests;

/// <summary>A server that a test scripts to the byte. It parses each request and leaves the answer to a handler.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ScriptedRequest, ScriptedConnection, Task> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;

    /// <summary>Starts it.</summary>
    /// <param name="answer">Answers a request. The connection is closed after it unless the handler calls <see cref="ScriptedConnection.KeepAlive"/>.</param>
    public ScriptedServer(Func<ScriptedRequest, ScriptedConnection, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Starts one that sends the same bytes to every request.</summary>
    public static ScriptedServer Always(string answer) => new((_, connection) => connection.SendAsync(answer));

    /// <summary>Starts one with an answer for each request, in order; null closes the connection without one.</summary>
    public static ScriptedServer Of(params string?[] answers)
    {
        var next = 0;
        return new ScriptedServer((_, connection) => answers[next++] is { } answer ? connection.SendAsync(answer) : Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        // The order matters because a listener that is stopped between two connections cannot accept the next one.
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                _connections.RemoveAll(task => task.IsCompletedSuccessfully);
                _connections.Add(ServeAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = new ScriptedConnection(socket, _stop.Token);
        try
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await _answer(request, connection);
                if (!connection.KeepsAlive)
                    break;
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            // The client has closed the connection, or the test has ended.
        }
    }
}
