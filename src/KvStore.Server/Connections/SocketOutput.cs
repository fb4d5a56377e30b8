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

    // The writer's: bytes that are not flushed yet, as long as nothing is before them in the pipe and one block is enough. Most answers go from there to the socket.
    // Once memory of the pipe was given out, all is the pipe's until the next flush: who asks for memory again, and has written no more, expects the same.
    private readonly MemoryPool<byte> _memory;
    private IMemoryOwner<byte>? _block;
    private int _blockBytes;
    private bool _usesPipe;

    /// <param name="connection">The connection, whose own output is used no more than to end it.</param>
    /// <param name="socket">Its socket.</param>
    /// <param name="memory">Where buffers are rented.</param>
    /// <param name="bytesMax">What a flush leaves unsent at most without waiting; null for any number.</param>
    public SocketOutput(ConnectionContext connection, Socket socket, MemoryPool<byte> memory, long? bytesMax)
    {
        (_connection, _socket, _inner, _memory) = (connection, socket, connection.Transport.Output, memory);

        // For sends that do not wait. All others are asynchronous.
        socket.Blocking = false;
        _pipe = new Pipe(new PipeOptions(
            memory, PipeScheduler.Inline, PipeScheduler.ThreadPool, bytesMax ?? 0, (bytesMax ?? 0) / 2, useSynchronizationContext: false));
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _blockBytes + _pipe.Writer.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => HasBlock(sizeHint) ? _block!.Memory[_blockBytes..] : _pipe.Writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => HasBlock(sizeHint) ? _block!.Memory.Span[_blockBytes..] : _pipe.Writer.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (_block is null)
            _pipe.Writer.Advance(bytes);
        else
            _blockBytes += bytes;
    }

    public override void CancelPendingFlush() => _pipe.Writer.CancelPendingFlush();

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        this.Write(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        if (_block is not null)
        {
            if (Interlocked.CompareExchange(ref _asked, 1, 0) == 0)
                return SendBlock(cancellationToken);
            LeaveBlock(0);
        }

        // If this waits because of the bound, sending ends the wait.
        _usesPipe = false;
        var flushing = _pipe.Writer.FlushAsync(cancellationToken);
        if (Interlocked.Increment(ref _asked) == 1)
            _sending = SendPipeAsync();
        return flushing;
    }

    /// <summary>Ends the connection, once everything is sent. May be called again.</summary>
    public override void Complete(Exception? exception = null)
    {
        LeaveBlock(0);
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

    // Whether the block is what is written to, with room for so much.
    private bool HasBlock(int sizeHint)
    {
        if (_block is null && !_usesPipe && Volatile.Read(ref _asked) == 0)
            _block = _memory.Rent();
        if (_block?.Memory.Length - _blockBytes >= Math.Max(sizeHint, 1))
            return true;
        LeaveBlock(0);
        _usesPipe = true;
        return false;
    }

    // Moves what the block has, after so many bytes, into the pipe.
    private void LeaveBlock(int sent)
    {
        if (_block is null)
            return;
        if (_blockBytes > sent)
            _pipe.Writer.Write(_block.Memory.Span[sent.._blockBytes]);
        _block.Dispose();
        (_block, _blockBytes) = (null, 0);
    }

    // The sender. Sends what the client takes at once, and leaves the rest to the pipe.
    private ValueTask<FlushResult> SendBlock(CancellationToken cancellationToken)
    {
        var bytes = _blockBytes;
        var sent = TrySendNow(_block!.Memory.Span[..bytes]);
        LeaveBlock(sent);
        if (sent < bytes)
        {
            var flushing = _pipe.Writer.FlushAsync(cancellationToken);
            _sending = SendPipeAsync();
            return flushing;
        }

        if (!_isClosed && Interlocked.Decrement(ref _asked) > 0)
            _sending = SendPipeAsync();
        return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: _isClosed));
    }

    // How many bytes need not be sent later.
    private int TrySendNow(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error is SocketError.Success or SocketError.WouldBlock)
                return sent;
            Fail(new SocketException((int)error));
        }
        catch (ObjectDisposedException exception)
        {
            Fail(exception);
        }

        return bytes.Length;
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
