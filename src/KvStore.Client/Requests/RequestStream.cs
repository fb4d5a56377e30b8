using System.Buffers;

namespace KvStore.Client;

/// <summary>A body that is read from a stream while it is sent. It is sent once, because the stream has then been read.</summary>
internal sealed class RequestStream(Stream source, string contentType, IProgress<long>? progress) : RequestBody(contentType)
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Called after each part that was sent: the time limit of an attempt is for the time without progress.</summary>
    public Action? Sent { get; set; }

    /// <summary>Why the source could not be read; null if it was not the source that failed.</summary>
    public Exception? SourceFailure { get; private set; }

    protected override async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long sent = 0; await ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count;)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                Sent?.Invoke();
                progress?.Report(sent += count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async Task<int> ReadAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            SourceFailure = exception;
            throw;
        }
    }
}
