namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/status, and of /metrics: what the service is doing, for people and for monitoring systems.</summary>
internal sealed class StatusEndpoints(ServiceStatusReader reader, ServiceMetrics metrics, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<StatusEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/status", endpoints.StatusAsync, StatusApi.Status);
        routes.Map(HttpMethods.Head, "/v1/status", endpoints.StatusAsync, StatusApi.Status.AsHead("headStatus"));
        routes.Map(HttpMethods.Get, "/metrics", endpoints.MetricsAsync, StatusApi.Metrics);
        routes.Map(HttpMethods.Head, "/metrics", endpoints.MetricsAsync, StatusApi.Metrics.AsHead("headMetrics"));
    }

    private async Task<Problem?> StatusAsync(HttpContext context)
    {
        var output = new JsonOutput(context, options);
        StatusField.WriteJson(output.Json, StatusFields.All, reader.Read());
        await output.FlushAsync();
        return null;
    }

    private async Task<Problem?> MetricsAsync(HttpContext context)
    {
        context.Response.SetContent(MetricsText.ContentType);
        await context.Response.WriteAsync(metrics.Read(), context.RequestAborted);
        return null;
    }
}
