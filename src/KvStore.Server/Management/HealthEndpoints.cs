namespace KvStore.Server;

/// <summary>GET and HEAD of /livez and /readyz: whether the process lives, and whether it can serve.</summary>
internal sealed class HealthEndpoints(Store store, Engine engine, IHostApplicationLifetime lifetime, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<HealthEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/livez", endpoints.LiveAsync, HealthApi.Live);
        routes.Map(HttpMethods.Head, "/livez", endpoints.LiveAsync, HealthApi.Live.AsHead("headLive"));
        routes.Map(HttpMethods.Get, "/readyz", endpoints.ReadyAsync, HealthApi.Ready);
        routes.Map(HttpMethods.Head, "/readyz", endpoints.ReadyAsync, HealthApi.Ready.AsHead("headReady"));
    }

    private Task<Problem?> LiveAsync(HttpContext context) => AnswerAsync(context, "alive");

    private Task<Problem?> ReadyAsync(HttpContext context)
    {
        RequestLog.MarkPoll(context);

        // Only these, and not the whole status, which takes locks that a busy store holds.
        var log = engine.Disk?.Status;
        var problem = lifetime.ApplicationStopping.IsCancellationRequested ? Unavailable("The service is stopping.") : store.State switch
        {
            StoreState.Running => engine.NotReadyReason(options) is { } reason ? Unavailable(reason) : null,
            StoreState.Created or StoreState.Loading when log is null => StoreProblems.Loading(store) with { Outcome = null },
            StoreState.Created or StoreState.Loading => Problems.Loading(log.LoadedBytes, log.LoadBytes) with { Outcome = null },
            StoreState.Failed => Unavailable("The store has failed and admits no writes. The output of the service says why; restart it."),
            _ => Unavailable("The store has stopped and admits no writes."),
        };
        return problem is null ? AnswerAsync(context, "ready") : Task.FromResult<Problem?>(problem);
    }

    private static Problem Unavailable(string detail) => Problems.Unavailable(detail, RetryTimes.NotReady) with { Outcome = null };

    private async Task<Problem?> AnswerAsync(HttpContext context, string status)
    {
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteString("status", status);
        output.Json.WriteEndObject();
        await output.FlushAsync();
        return null;
    }
}
