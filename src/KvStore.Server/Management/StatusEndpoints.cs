namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/status, and of /metrics: what the service is doing, for people and for monitoring systems.</summary>
internal sealed class StatusEndpoints(ServiceStatusReader reader, KvStoreOptions options)
{
    private static readonly SemaphoreSlim Turn = new(1);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<StatusEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/status", endpoints.StatusAsync, StatusApi.Status);
        routes.Map(HttpMethods.Head, "/v1/status", endpoints.StatusAsync, StatusApi.Status.AsHead("headStatus"));
        var metrics = MetricsOf(routes);
        routes.Map(HttpMethods.Get, "/metrics", metrics, StatusApi.Metrics);
        routes.Map(HttpMethods.Head, "/metrics", metrics, StatusApi.Metrics.AsHead("headMetrics"));
    }

    private async Task<Problem?> StatusAsync(HttpContext context)
    {
        var output = new JsonOutput(context, options);
        StatusField.WriteJson(output.Json, StatusFields.All, reader.Read());
        await output.FlushAsync();
        return null;
    }

    // The library's middleware as a handler, so that the endpoint is registered as all others are. It writes to memory: while a client takes its answer, the
    // library makes no other one and keeps threads waiting, so one client that does not read would end the metrics, and threads would run out. For
    // the same reason one request at a time is in it.
    private static Handler MetricsOf(IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<ServiceInstruments>();
        var options = routes.ServiceProvider.GetRequiredService<KvStoreOptions>();
        var answers = new MetricsAnswers(routes.ServiceProvider.GetRequiredService<Store>().Memory.Answers);
        routes.ServiceProvider.GetService<ClusterInstruments>();
        var exporter = routes.CreateApplicationBuilder().UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true).Build();
        return async context =>
        {
            context.Response.SetContent("text/plain");
            var body = context.Response.Body;
            using var text = new MemoryStream();
            await Turn.WaitAsync(context.RequestAborted);
            try
            {
                context.Response.Body = text;
                await exporter(context);
            }
            finally
            {
                context.Response.Body = body;
                Turn.Release();
            }

            using var answer = answers.Begin(context, text.Capacity);
            context.Response.ContentLength = text.Length;
            await new PacedOutput(context, options).WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length));
            return null;
        };
    }
}
