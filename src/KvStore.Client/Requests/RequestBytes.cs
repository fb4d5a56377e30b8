using System.Net;

namespace KvStore.Client;

/// <summary>
/// The body of a request, which notes that it was asked for. If it was not, the service cannot have received the whole request: the last
/// bytes of the headers leave together with the body. Every write has one, if only an empty one, because <see cref="SocketsHttpHandler"/>
/// silently sends a request without a body again when a reused connection ends before the answer.
/// </summary>
internal sealed class RequestBytes : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;

    public RequestBytes(ReadOnlyMemory<byte> bytes, string? contentType)
    {
        _bytes = bytes;
        if (contentType is not null)
            Headers.TryAddWithoutValidation("Content-Type", contentType);
    }

    public bool WasAskedFor { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        WasAskedFor = true;
        return stream.WriteAsync(_bytes, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
