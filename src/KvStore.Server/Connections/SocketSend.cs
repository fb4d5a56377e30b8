using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace KvStore.Server;

/// <summary>
/// A send to a socket, with what the system needs for it. When it ends, it refers to none of the bytes and is used for the next send of any connection.
/// </summary>
/// <remarks>
/// The sends that a socket itself offers remember, for the next one of the same socket, where the bytes were. So each idle connection would keep in memory what it
/// sent last, which is charged to nothing.
/// </remarks>
internal sealed class SocketSend : SocketAsyncEventArgs, IValueTaskSource
{
    // As many as wait for clients, at times. What is more than that is left to the collector.
    private const int UnusedMax = 256;

    private static readonly ConcurrentQueue<SocketSend> Unused = new();

    private readonly List<ArraySegment<byte>> _segments = [];
    private ManualResetValueTaskSourceCore<bool> _completion;

    private SocketSend()
        : base(unsafeSuppressExecutionContextFlow: true)
    {
    }

    /// <summary>Sends all bytes, at once if the client takes them. They must not change until the task ends.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static ValueTask SendAsync(Socket socket, in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty)
            return ValueTask.CompletedTask;
        var send = Take();
        foreach (var memory in bytes)
        {
            if (!MemoryMarshal.TryGetArray(memory, out var segment))
                throw new ArgumentException("The bytes are not in arrays.", nameof(bytes));
            send._segments.Add(segment);
        }

        return send.StartAsync(socket);
    }

    /// <inheritdoc cref="SendAsync(Socket, in ReadOnlySequence{byte})"/>
    public static ValueTask SendAsync(Socket socket, ArraySegment<byte> bytes)
    {
        var send = Take();
        send._segments.Add(bytes);
        return send.StartAsync(socket);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    public void GetResult(short token)
    {
        _completion.GetResult(token);
        End();
    }

    protected override void OnCompleted(SocketAsyncEventArgs e) => _completion.SetResult(true);

    private static SocketSend Take() => Unused.TryDequeue(out var send) ? send : new SocketSend();

    private ValueTask StartAsync(Socket socket)
    {
        if (_segments.Count == 1)
            SetBuffer(_segments[0].Array, _segments[0].Offset, _segments[0].Count);
        else
            BufferList = _segments;

        // If this throws, the socket is closed, and this is left to the collector.
        if (socket.SendAsync(this))
            return new ValueTask(this, _completion.Version);
        End();
        return ValueTask.CompletedTask;
    }

    private void End()
    {
        var error = SocketError;
        if (_segments.Count == 1)
            SetBuffer(null, 0, 0);
        else
            BufferList = null;
        _segments.Clear();
        _completion.Reset();
        if (Unused.Count < UnusedMax)
            Unused.Enqueue(this);
        else
            Dispose();
        if (error != SocketError.Success)
            throw new SocketException((int)error);
    }
}
