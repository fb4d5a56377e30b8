using Grpc.Net.Client;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>An etcd process, called without anything of ours in between.</summary>
internal sealed class RealEtcd(EtcdCluster cluster, GrpcChannel channel) : IAsyncDisposable
{
    public KV.KVClient Keys { get; } = new(channel);

    public static async Task<RealEtcd> StartAsync()
    {
        var cluster = await EtcdCluster.StartAsync(1);
        return new RealEtcd(cluster, GrpcChannel.ForAddress(cluster.Endpoints[0]));
    }

    /// <summary>What <see cref="Describe"/> makes of the watch's responses, until the first one with events, or until it is canceled.</summary>
    public async Task<List<string>> WatchAsync(WatchCreateRequest request, CancellationToken cancellationToken)
    {
        using var call = new Watch.WatchClient(channel).Watch(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request }, cancellationToken);
        var events = new List<string>();
        while (await call.ResponseStream.MoveNext(cancellationToken).Within())
        {
            var response = call.ResponseStream.Current;
            events.AddRange(Describe(response));
            if (!response.Created)
                break;
        }

        return events;
    }

    public static IEnumerable<string> Describe(WatchResponse response) => response.Canceled
        ? [$"! {EtcdFailure.Compacted}"]
        : [.. response.Created ? [$"created at {response.Header.Revision}"] : Array.Empty<string>(), .. response.Events.Select(change => $"{change}")];

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await cluster.DisposeAsync();
    }
}
