using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>The web server's limits, most of which follow from the limits of the store.</summary>
internal sealed class KestrelSetup(KvStoreOptions options, ServerCertificates certificates, IConfiguration configuration, KeyRing? keys = null) : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    // A byte of a key is three characters when it is percent-encoded.
    private const int EncodedBytesPerKeyByte = 3;

    // The longest useful request has three keys in its query: prefix, after and cursor. A fourth is for the path.
    private const int KeysInTarget = 4;

    private const int Slack = 4096;

    // What the web server holds of a request that is not read yet, or of an answer that is not sent yet, for each connection and each stream of HTTP/2.
    private const int BufferBytes = 64 * 1024;

    // What the streams of one HTTP/2 connection hold together of their requests.
    private const int ConnectionWindowBytes = 256 * 1024;
    private const int StreamWindowBytes = 128 * 1024;

    // The web server checks its rates once a second and wants more than that.
    private static readonly TimeSpan GracePeriodMin = TimeSpan.FromSeconds(2);

    public static int RequestLineBytesMax(KvStoreOptions options) => (options.KeyBytesMax * EncodedBytesPerKeyByte * KeysInTarget) + Slack;

    public void Configure(KestrelServerOptions kestrel)
    {
        certificates.Use(kestrel, configuration, certificate => keys?.Verify(certificate) is not null);
        kestrel.AddServerHeader = false;
        InheritedSockets.Listen(kestrel);
        var limits = kestrel.Limits;

        // The listeners count connections (BoundedListener).
        limits.MaxConcurrentConnections = null;
        limits.MaxConcurrentUpgradedConnections = 0;

        // Endpoints count the bodies that they read. The rest of one that is not read must be, for a client that sends all of its body before it
        // reads would lose the answer with the connection (RFC 9112, section 9.6). The web server does that for 5 seconds, but only up to this limit.
        limits.MaxRequestBodySize = null;
        limits.MaxRequestLineSize = RequestLineBytesMax(options);
        limits.MaxRequestHeadersTotalSize = options.HeadersBytesMax;
        limits.MaxRequestBufferSize = Math.Max(BufferBytes, Math.Max(RequestLineBytesMax(options), options.HeadersBytesMax));
        limits.MaxResponseBufferSize = BufferBytes;
        limits.RequestHeadersTimeout = options.HeadersTimeout;
        limits.KeepAliveTimeout = options.IdleConnectionTimeout;

        // Averages; BodyReader and PacedOutput also see a client that was fast at first. These are for what neither reads nor writes.
        var rate = new MinDataRate(options.BodyBytesPerSecondMin, options.BodySilenceMax > GracePeriodMin ? options.BodySilenceMax : GracePeriodMin);
        limits.MinRequestBodyDataRate = rate;
        limits.MinResponseDataRate = rate;
        limits.Http2.MaxStreamsPerConnection = options.StreamsPerConnectionMax;
        limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
        limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
    }

    // Connections inherit the size from the socket that accepts them. Without it the operating system lets each grow to megabytes.
    public void Configure(SocketTransportOptions sockets) => sockets.CreateBoundListenSocket = endPoint =>
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        if (socket.LocalEndPoint is IPEndPoint)
            socket.SendBufferSize = options.SendBufferBytes;
        return socket;
    };
}
