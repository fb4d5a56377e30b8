using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace KvStore.Server;

/// <summary>The web server's limits, most of which follow from the limits of the store.</summary>
internal sealed class KestrelSetup(KvStoreOptions options) : IConfigureOptions<KestrelServerOptions>
{
    // A byte of a key is three characters when it is percent-encoded.
    private const int EncodedBytesPerKeyByte = 3;

    // The longest useful request has three keys in its query: prefix, after and cursor. A fourth is for the path.
    private const int KeysInTarget = 4;

    // A byte of a value is six bytes on the wire if every byte is a chunk of its own: "1", CR LF, the byte, CR LF.
    private const int FramedBytesPerValueByte = 6;

    private const int Slack = 4096;

    /// <summary>The web server's limit on a body. It counts the framing of chunks, so an allowed value must fit however it is framed.</summary>
    /// <remarks>Endpoints limit the bytes of a value themselves; this is for bodies that no endpoint reads.</remarks>
    public static long BodyBytesMax(KvStoreOptions options) => ((long)options.ValueBytesMax * FramedBytesPerValueByte) + Slack;

    public static int RequestLineBytesMax(KvStoreOptions options) => (options.KeyBytesMax * EncodedBytesPerKeyByte * KeysInTarget) + Slack;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = options.ConnectionsMax;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = BodyBytesMax(options);
        limits.MaxRequestLineSize = RequestLineBytesMax(options);
        limits.MaxRequestHeadersTotalSize = options.HeadersBytesMax;
        limits.RequestHeadersTimeout = options.HeadersTimeout;
        limits.KeepAliveTimeout = options.IdleConnectionTimeout;
    }
}
