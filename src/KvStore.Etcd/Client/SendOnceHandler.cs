using System.Net;

namespace KvStore.Etcd;

/// <summary>
/// Keeps the HTTP client below from sending a message twice. After GOAWAY or REFUSED_STREAM, <see cref="SocketsHttpHandler"/> sends a request again by
/// itself, which no setting turns off, and whether the member has executed the first copy is then only what the member says of it. A second copy may open a
/// stream, but it has no message, which gRPC does not execute.
/// </summary>
internal sealed class SendOnceHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content)
            request.Content = new OnceContent(content, SendOnce.Current ?? new());
        return base.SendAsync(request, cancellationToken);
    }

    private sealed class OnceContent : HttpContent
    {
        private readonly HttpContent _inner;
        private readonly SendOnce _once;

        public OnceContent(HttpContent inner, SendOnce once)
        {
            _inner = inner;
            _once = once;
            foreach (var header in inner.Headers)
                Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => _once.TrySend()
            ? _inner.CopyToAsync(stream, context, cancellationToken)
            : throw new IOException("The member refused or dropped the request after it was sent. It is not sent again.");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
