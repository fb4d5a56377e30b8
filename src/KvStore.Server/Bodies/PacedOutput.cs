using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

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

    private ValueTask FinishAsync(ValueTask<FlushResult> flushing, long bytes)
    {
        if (!flushing.IsCompletedSuccessfully)
            return WaitAsync(flushing.AsTask(), bytes);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        Check(flushing.Result);
#pragma warning restore RS0030
        _patience.Record(TimeSpan.Zero, bytes);
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitAsync(Task<FlushResult> flushing, long bytes)
    {
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            if (tryHold?.Invoke() == false)
            {
                await AbortAsync(flushing);
                throw new ConnectionAbortedException("The client does not read, and there is no memory to wait for it.");
            }

            Check(await flushing.WaitAsync(_patience.Left));
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
