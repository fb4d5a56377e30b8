using Grpc.Core;
using Grpc.Net.Client;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>One member and the channel to it. It sends each call once: nothing here, in gRPC or in HTTP repeats one.</summary>
internal sealed class EtcdMember : IDisposable
{
    private readonly GrpcChannel _channel;

    /// <param name="endpoint">Its client URL.</param>
    /// <param name="options">Timeouts and certificates.</param>
    /// <param name="connected">Called for each connection that was opened.</param>
    public EtcdMember(Uri endpoint, EtcdClientOptions options, Action connected)
    {
        Endpoint = endpoint;
        var connections = new EtcdConnections(options);
        var sockets = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var stream = await connections.OpenAsync(endpoint, cancellationToken);
                connected();
                return stream;
            },
            ConnectTimeout = options.ConnectTimeout,
            // etcd closes connections that ping without a call in progress. The watch is one.
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseCookies = false,
            UseProxy = false,
        };
        _channel = GrpcChannel.ForAddress(endpoint, new()
        {
            DisableResolverServiceConfig = true,
            DisposeHttpClient = true,
            HttpHandler = new SendOnceHandler(sockets),
            InitialReconnectBackoff = TimeSpan.FromSeconds(0.2),
            MaxReconnectBackoff = TimeSpan.FromSeconds(1),
            // An answer beyond a limit would look like a refusal. etcd bounds both directions.
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });
        Kv = new(_channel);
        Watch = new(_channel);
        Cluster = new(_channel);
        Maintenance = new(_channel);
        Auth = new(_channel);
    }

    public Uri Endpoint { get; }

    public KV.KVClient Kv { get; }

    public Watch.WatchClient Watch { get; }

    public Cluster.ClusterClient Cluster { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    public Auth.AuthClient Auth { get; }

    /// <summary>Sends one call.</summary>
    /// <exception cref="EtcdException">It failed.</exception>
    /// <exception cref="EtcdTokenException">The member refused the token, or the lack of one, before it executed the call.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled it; whether it was executed is unknown.</exception>
    public async Task<TResponse> SendAsync<TRequest, TResponse>(EtcdCall<TRequest, TResponse> call, TRequest request, Metadata? headers, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var once = new SendOnce();
        SendOnce.Current = once;
        // gRPC compares the deadline with the clock of the system, and counts it down from there.
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + timeout;
        try
        {
            using var answer = call(this, request, new(headers, deadline, cancellationToken));
            return await answer.ResponseAsync;
        }
        catch (RpcException exception)
        {
            throw Translate(exception, once, cancellationToken);
        }
    }

    /// <summary>What an exception of gRPC means.</summary>
    public Exception Translate(RpcException exception, SendOnce once, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && exception.StatusCode == StatusCode.Cancelled)
            return new OperationCanceledException(exception.Message, exception, cancellationToken);
        var translated = EtcdErrors.Of(Endpoint, exception.Status, isSent: !once.TryWithdraw(), exception);
        return EtcdErrors.IsAboutToken(exception.Status.Detail) ? new EtcdTokenException(translated) : translated;
    }

    public void Dispose() => _channel.Dispose();
}

/// <summary>Makes a call of a member's generated clients.</summary>
internal delegate AsyncUnaryCall<TResponse> EtcdCall<TRequest, TResponse>(EtcdMember member, TRequest request, CallOptions options);

/// <summary>A member refused a token, or the lack of one, before it executed a call.</summary>
internal sealed class EtcdTokenException(EtcdException failure) : Exception(failure.Message, failure)
{
    public EtcdException Failure => failure;
}
