
namespace KvStore.Server;

/// <summary>GET /metrics: numbers for a monitoring system.</summary>
internal static class MetricsEndpoint
{
    private static readonly ApiOperation Api = new("metrics", ApiParts.OperatingTag, "How much has it done?",
        "What `/v1/status` tells in numbers, how many requests had which status and how long they took, by operation, and what the process uses: in the text format of Prometheus. Operations appear when they were asked for.")
    {
        Responses =
        [
            new(200, "The values of now.")
            {
                Contents =
                [
                    new ApiContent("text/plain", null, "# HELP kvstore_keys Entries.\n# TYPE kvstore_keys gauge\nkvstore_keys 3\n"),
                ],
            },
        ],
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var metrics = ActivatorUtilities.CreateInstance<ServiceMetrics>(routes.ServiceProvider);
        routes.MapMethods("/metrics", [HttpMethods.Get], WriteAsync).WithApi(Api);

        Task WriteAsync(HttpContext context)
        {
            context.Response.ContentType = MetricsText.ContentType;
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return context.Response.WriteAsync(metrics.Read(), context.RequestAborted);
        }
    }
}
