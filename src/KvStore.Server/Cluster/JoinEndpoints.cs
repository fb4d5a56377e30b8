using KvStore.Origins;

namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/cluster/join: what another process needs to become a replica of the same store, without credentials.</summary>
internal sealed class JoinEndpoints(ICluster cluster, Store store, OriginTable origins, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<JoinEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/cluster/join", endpoints.InviteAsync, JoinApi.Invite);
        routes.Map(HttpMethods.Head, "/v1/cluster/join", endpoints.InviteAsync, JoinApi.Invite.AsHead("headClusterJoin"));
    }

    private async Task<Problem?> InviteAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;
        var status = await cluster.ReadAsync(context.RequestAborted);
        var isEtcd = options.Engine == KvStoreOptions.EtcdEngine;
        var output = new JsonOutput(context, options);
        new JoinInvitation(
            options.Engine, store.Id?.ToString(), status.EtcdClusterId is { } id ? EtcdConnection.TextOf(id) : null,
            isEtcd ? [.. EtcdSettings.Endpoints(options.Etcd).Select(endpoint => endpoint.GetLeftPart(UriPartial.Authority))] : [],
            options.EtcdPrefix, options.EtcdCaFile == KvStoreOptions.None ? null : await File.ReadAllTextAsync(options.EtcdCaFile, context.RequestAborted), [.. SharedSettings.Of(options), .. SharedSettings.Of(origins.All.Select(origin => origin.Options))]).Write(output.Json);
        await output.FlushAsync();
        return null;
    }
}
