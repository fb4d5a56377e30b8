namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/cluster: which replicas there are and how they do; DELETE of one that has failed.</summary>
internal sealed class ClusterEndpoints(ICluster cluster, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<ClusterEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/cluster", endpoints.ReadAsync, ClusterApi.Read);
        routes.Map(HttpMethods.Head, "/v1/cluster", endpoints.ReadAsync, ClusterApi.Read.AsHead("headCluster"));
        routes.Map(HttpMethods.Delete, "/v1/cluster/replicas/{id}", endpoints.ForgetAsync, ClusterApi.Forget);
    }

    private async Task<Problem?> ReadAsync(HttpContext context)
    {
        var status = await cluster.ReadAsync(context.RequestAborted);
        var output = new JsonOutput(context, options);
        ClusterJson.Write(output.Json, status);
        await output.FlushAsync();
        return null;
    }

    private async Task<Problem?> ForgetAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;
        if (await cluster.ForgetAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted) is { } problem)
            return problem;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
