using System.Net;

namespace KvStore.Client;

/// <summary>
/// The body of a request, which notes that it was asked for. If it was not, the service cannot have received the whole request: the last
/// bytes of the headers leave together with the body. Every write has one, if only an empty one, because <see cref="SocketsHttpHandler"/>
/// silently sends a request without a body again when a reused connection ends before the answer.
/// </summary>
internal abstract class RequestBody : HttpContent
{
    protected RequestBody(string? contentType)
    {
        if (contentType is not null)
            Headers.TryAddWithoutValidation("Content-Type", contentType);
    }

    public bool WasAskedFor { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        WasAskedFor = true;
        return WriteAsync(stream, cancellationToken);
    }

    protected abstract Task WriteAsync(Stream stream, CancellationToken cancellationToken);
}

/// <summary>A body that is in memory.</summary>
internal sealed class RequestBytes(ReadOnlyMemory<byte> bytes, string? contentType) : RequestBody(contentType)
{
    protected override Task WriteAsync(Stream stream, CancellationToken cancellationToken) => stream.WriteAsync(bytes, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
