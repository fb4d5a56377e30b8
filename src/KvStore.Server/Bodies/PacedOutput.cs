using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>
/// Sends an answer in pieces, and waits while the client does not take them: a pipe takes whatever it is given, so a large value that is written
/// at once is in memory once more for each client that does not read. Gives up on a client that takes nothing. Belongs to one request.
/// </summary>
/// <param name="context">The request.</param>
/// <param name="options">How long the service waits for the client.</param>
/// <param name="tryHold">Charges what is in memory while the client does not read; false: do not wait for it. Null if that is charged already.</param>
internal sealed class PacedOutput(HttpContext context, KvStoreOptions options, Func<bool>? tryHold = null)
{
    /// <summary>The most that is written before it is flushed: half of the web server's buffer, so that one piece is written while another is sent.</summary>
    public const int PieceBytes = 32 * 1024;

    private readonly PipeWriter _writer = context.Response.BodyWriter;
    private readonly SocketOutput? _socket = FindSocket(context);
    private ClientPatience _patience = new(options);

    /// <summary>Where to write; flush once it has <see cref="PieceBytes"/>.</summary>
    public PipeWriter Writer => _writer;

    /// <summary>Sends bytes, and waits while the client does not take them.</summary>
    /// <exception cref="ConnectionAbortedException">The client is gone, or was too slow.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, PieceBytes)];
            bytes = bytes[piece.Length..];
            await FinishAsync(_writer.WriteAsync(piece, context.RequestAborted), piece.Length);
        }
    }

    /// <summary>Sends what was written.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public ValueTask FlushAsync()
    {
        var bytes = _writer.UnflushedBytes;
        return FinishAsync(_writer.FlushAsync(context.RequestAborted), bytes);
    }

    /// <summary>Whether <see cref="TryShare"/> can be called.</summary>
    public bool CanShare => _socket is not null;

    /// <summary>
    /// Sends a chunk (RFC 9112, section 7.1) that other requests send as well, without a copy, and waits while the client does not take it. Everything that
    /// was written must be flushed.
    /// </summary>
    /// <param name="chunk">The chunk, whose bytes must not change until they are sent.</param>
    /// <returns>Null if the client has not taken what was flushed before.</returns>
    /// <inheritdoc cref="WriteAsync"/>
    public ValueTask? TryShare(ArraySegment<byte> chunk)
    {
        if (!_socket!.TrySend(chunk, out var sending))
            return null;
        if (!sending.IsCompletedSuccessfully)
            return new ValueTask(WaitAsync(sending, chunk.Count));
        _patience.Record(TimeSpan.Zero, chunk.Count);
        return ValueTask.CompletedTask;
    }

    // Null unless the bytes of the answer are those of the connection, in chunks.
    private static SocketOutput? FindSocket(HttpContext context)
    {
        var features = context.Features;
        return HttpProtocol.IsHttp11(context.Request.Protocol)
            && features.Get<IConnectionTransportFeature>() is CountedConnection { PlainOutput: { } socket }
            && ReferenceEquals(features.Get<IHttpResponseBodyFeature>(), features.Get<IHttpResponseFeature>())
            ? socket
            : null;
    }

    private ValueTask FinishAsync(ValueTask<FlushResult> flushing, long bytes)
    {
        if (!flushing.IsCompletedSuccessfully)
            return WaitAsync(flushing, bytes);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        Check(flushing.Result);
#pragma warning restore RS0030
        _patience.Record(TimeSpan.Zero, bytes);
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitAsync(ValueTask<FlushResult> flushing, long bytes)
    {
        var task = flushing.AsTask();
        await WaitAsync(task, bytes);
        Check(await task);
    }

    private async Task WaitAsync(Task flushing, long bytes)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            if (tryHold?.Invoke() == false)
            {
                await AbortAsync(flushing);
                throw new ConnectionAbortedException("The client does not read, and there is no memory to wait for it.");
            }

            await flushing.WaitAsync(_patience.Left);
        }
        catch (TimeoutException exception)
        {
            await AbortAsync(flushing);
            throw new ConnectionAbortedException("The client did not read the answer.", exception);
        }

        _patience.Record(Stopwatch.GetElapsedTime(startedAt), bytes);
    }

    // The flush ends with the connection.
    private async Task AbortAsync(Task flushing)
    {
        context.Abort();
        await flushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void Check(FlushResult flushed)
    {
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new ConnectionAbortedException("The client closed the connection.");
    }
}
