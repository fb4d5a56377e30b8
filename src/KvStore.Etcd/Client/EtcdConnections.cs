using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace KvStore.Etcd;

/// <summary>Connections to members, with TLS for those of <c>https</c>. Files are read for each connection, so renewed certificates need no restart.</summary>
internal sealed class EtcdConnections(EtcdClientOptions options)
{
    // TCP_USER_TIMEOUT of Linux. After a cut of the network, TCP by itself tries for a quarter of an hour and waits ever longer, up to two minutes, so that a
    // connection stays useless long after the network is back. Without data that waits, which is when no call is in progress, this has no effect.
    private const int TcpUserTimeout = 18;
    private const int UnacknowledgedMillisecondsMax = 5_000;

    public async ValueTask<Stream> OpenAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes(UnacknowledgedMillisecondsMax));
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(endpoint.IdnHost, endpoint.Port, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (endpoint.Scheme == "http")
                return stream;

            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsClientAsync(Settings(endpoint.IdnHost), cancellationToken);
            return tls;
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions Settings(string host)
    {
        var settings = new SslClientAuthenticationOptions { TargetHost = host, ApplicationProtocols = [SslApplicationProtocol.Http2] };
        if (options.CaFile is not null)
        {
            settings.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            settings.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(options.CaFile);
        }

        if (options.CertificateFile is not null)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(options.CertificateFile);
            settings.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(options.CertificateFile, options.KeyFile), chain, offline: true);
        }

        return settings;
    }
}
