using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server;

/// <summary>
/// The sending half of a connection. The thread that flushes also sends, and only what the client does not take at once is sent later; the web server's own
/// transport queues each send for another thread. Bytes that many connections send, such as events, need not be copied into the buffer of each.
/// </summary>
/// <remarks>One thread writes and flushes at a time, or calls <see cref="TrySend"/>. The web server sees to that.</remarks>
internal sealed class SocketOutput : PipeWriter
{
    private readonly Socket _socket;
    private readonly ConnectionContext _connection;
    private readonly PipeWriter _inner;

    // What is flushed and not sent yet, within the bound of the web server's own transport.
    private readonly Pipe _pipe;

    // Of all that was asked of the sender, how much it has not done. The caller that raises it from 0 is the sender until it is 0 again:
    //   T1 (sender):  finds the pipe empty
    //   T2 (flushes): adds bytes, raises the number from 1 to 2, and leaves
    //   T1:           subtracts the 1 that it has seen, gets 1, and reads the pipe again
    private int _asked;
    private Task _sending = Task.CompletedTask;
    private bool _isClosed;

    /// <param name="connection">The connection, whose own output is used no more than to end it.</param>
    /// <param name="socket">Its socket.</param>
    /// <param name="memory">Where buffers are rented.</param>
    /// <param name="bytesMax">What a flush leaves unsent at most without waiting; null for any number.</param>
    public SocketOutput(ConnectionContext connection, Socket socket, MemoryPool<byte> memory, long? bytesMax)
    {
        (_connection, _socket, _inner) = (connection, socket, connection.Transport.Output);
        _pipe = new Pipe(new PipeOptions(
            memory, PipeScheduler.Inline, PipeScheduler.ThreadPool, bytesMax ?? 0, (bytesMax ?? 0) / 2, useSynchronizationContext: false));
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _pipe.Writer.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _pipe.Writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _pipe.Writer.GetSpan(sizeHint);

    public override void Advance(int bytes) => _pipe.Writer.Advance(bytes);

    public override void CancelPendingFlush() => _pipe.Writer.CancelPendingFlush();

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        _pipe.Writer.Write(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // If this waits because of the bound, sending ends the wait.
        var flushing = _pipe.Writer.FlushAsync(cancellationToken);
        if (Interlocked.Increment(ref _asked) == 1)
            _sending = SendPipeAsync();
        return flushing;
    }

    /// <summary>Ends the connection, once everything is sent. May be called again.</summary>
    public override void Complete(Exception? exception = null)
    {
        _pipe.Writer.Complete(exception);
        if (Interlocked.Increment(ref _asked) == 1)
            _sending = SendPipeAsync();
    }

    /// <summary>Ends the connection, and waits until everything is sent or the connection is lost.</summary>
    public async ValueTask EndAsync()
    {
        await CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends bytes in order, without a copy, if everything before them is sent.</summary>
    /// <param name="bytes">The bytes, which must not change until they are sent.</param>
    /// <param name="sending">Ends when they are sent.</param>
    /// <returns>False if there is something to send before them, which is being sent.</returns>
    public bool TrySend(ArraySegment<byte> bytes, out Task sending)
    {
        sending = Task.CompletedTask;
        if (Interlocked.CompareExchange(ref _asked, 1, 0) != 0)
            return false;
        sending = _sending = SendAsync(bytes);
        return true;
    }

    private async Task SendAsync(ArraySegment<byte> bytes)
    {
        try
        {
            await SocketSend.SendAsync(_socket, bytes).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw new ConnectionAbortedException("The connection is lost.", exception);
        }

        if (Interlocked.Decrement(ref _asked) > 0)
            await SendPipeAsync().ConfigureAwait(false);
    }

    // The sender. Completes at once, without an allocation, when the client takes everything at once.
    private async Task SendPipeAsync()
    {
        try
        {
            int seen;
            do
            {
                seen = Volatile.Read(ref _asked);
                while (_pipe.Reader.TryRead(out var read))
                {
                    await SocketSend.SendAsync(_socket, read.Buffer).ConfigureAwait(false);
                    _pipe.Reader.AdvanceTo(read.Buffer.End);
                    if (!read.IsCompleted)
                        continue;
                    Close();
                    return;
                }
            }
            while (Interlocked.Add(ref _asked, -seen) > 0);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    // Reading fails as well, so that the web server notices.
    private void Fail(Exception exception)
    {
        _connection.Abort(new ConnectionAbortedException("Sending failed.", exception));
        Close();
    }

    // The number stays above 0, so nothing is sent any more. A flush is completed at once and says that the connection is.
    private void Close()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _pipe.Reader.Complete();
        _inner.Complete();
    }
}
