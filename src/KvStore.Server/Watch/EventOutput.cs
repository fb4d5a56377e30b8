using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>Writes events with backpressure from the client. Belongs to one request.</summary>
internal sealed class EventOutput(PipeWriter output, CancellationToken cancellationToken)
{
    // Flushed at this size: the memory of a client that does not read, besides the web server's buffer.
    private const int FlushBytes = 64 * 1024;

    public bool HasBegun { get; private set; }

    /// <summary>Writes an event, and waits while the client does not read; false if the client is gone.</summary>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, FlushBytes)];
            output.Write(piece.Span);
            bytes = bytes[piece.Length..];
            if (output.UnflushedBytes >= FlushBytes && !await FlushAsync())
                return false;
        }

        return true;
    }

    /// <summary>Flushes to the connection; false if the client is gone.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        HasBegun = true;
        var flushed = await output.FlushAsync(cancellationToken);
        return flushed is { IsCompleted: false, IsCanceled: false };
    }
}
