using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>What came of a request.</summary>
/// <param name="IsSent">Whether any of it may have arrived.</param>
/// <param name="Response">The response; null if there is none.</param>
internal readonly record struct Reply(bool IsSent, Response? Response);

/// <summary>
/// A client of several replicas, with a connection to each. It sends a request once: a library might send it again when a connection breaks. A connection that has not
/// answered in time is closed.
/// </summary>
internal sealed class ReplicaClient(IReadOnlyList<Replica> replicas, TimeSpan patience) : IDisposable
{
    private readonly RawConnection?[] _connections = new RawConnection?[replicas.Count];

    public int Replicas => replicas.Count;

    public async Task<Reply> SendAsync(int replica, string request)
    {
        // Otherwise it would not be known whether the request arrived.
        if (_connections[replica] is { HasEnded: true })
            Close(replica);
        try
        {
            _connections[replica] ??= await RawConnection.ConnectAsync(replicas[replica].EndPoint).WaitAsync(patience);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            return new Reply(IsSent: false, null);
        }

        var connection = _connections[replica]!;
        try
        {
            await connection.SendAsync(request);
            if (await connection.TryReadAsync().WaitAsync(patience) is { } response)
            {
                if (response.Header("Connection") == "close")
                    Close(replica);
                return new Reply(IsSent: true, response);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or TimeoutException or ObjectDisposedException)
        {
            // It broke or takes too long.
        }

        Close(replica);
        return new Reply(IsSent: true, null);
    }

    /// <summary>Sends a request and asserts its status; null for any success.</summary>
    public async Task<Response> ExpectAsync(int replica, int? status, string method, string target, string body = "", string contentType = "text/plain", string? key = null)
    {
        var content = method is "GET" or "DELETE" ? "" : $"Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n";
        var header = key is null ? "" : $"Idempotency-Key: {key}\r\n";
        var reply = await SendAsync(replica, $"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{content}{header}\r\n{body}");
        var response = reply.Response ?? throw new IOException($"{method} {target} was not answered. {replicas[replica].Transcript}");
        return status is null && response.IsSuccess ? response : response.Expect(status ?? 200);
    }

    public void Dispose()
    {
        for (var i = 0; i < _connections.Length; i++)
            Close(i);
    }

    private void Close(int replica)
    {
        _connections[replica]?.Dispose();
        _connections[replica] = null;
    }
}
