using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KvStore.Server;

/// <summary>What people and machines that run the service ask it.</summary>
internal static class OperatingEndpoints
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private static readonly TimeSpan ReadyRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags(ApiParts.OperatingTag);

        group.MapMethods("/livez", Reading, Live)
            .WithName("Live")
            .WithSummary("Is the process alive?")
            .WithDescription("Answers as long as the process does. When it does not answer, restart the process.")
            .WithMetadata(ExampleOf(HealthAnswer.Alive))
            .Produces<HealthAnswer>();

        group.MapMethods("/readyz", Reading, Ready)
            .WithName("Ready")
            .WithSummary("Can it serve?")
            .WithDescription("200 when reads and writes are served. 503, with the reason in the detail, while entries are loaded, while the service stops, when the store has failed, and when its disk has. When it is not ready, send requests elsewhere.")
            .WithMetadata(ExampleOf(HealthAnswer.Ready))
            .Produces<HealthAnswer>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        group.MapMethods("/v1/status", Reading, Status)
            .WithName("Status")
            .WithSummary("What is it doing?")
            .WithDescription("The version, the state of the store, how much it holds, how much waits to be written, how many watch, what the log on disk and its checkpoint have come to, and the limits. Sizes are in bytes, durations in seconds.")
            .WithMetadata(new ApiExample(services => JsonSerializer.SerializeToNode(
                StatusOf(services.GetRequiredService<Store>(), services.GetRequiredService<Engine>(), services.GetRequiredService<KvStoreOptions>(), services.GetRequiredService<ServiceClock>()),
                OperatingJson.Default.StatusAnswer)))
            .Produces<StatusAnswer>();
    }

    private static JsonHttpResult<HealthAnswer> Live() =>
        TypedResults.Json(HealthAnswer.Alive, OperatingJson.Default.HealthAnswer);

    private static IResult Ready(HttpContext context, Store store, Engine engine, IHostApplicationLifetime lifetime)
    {
        context.Response.Headers.CacheControl = "no-store";
        var log = engine.Disk?.Status;
        var reason = lifetime.ApplicationStopping.IsCancellationRequested ? "The service is stopping." : store.State switch
        {
            StoreState.Running => log?.ClosedReason,
            StoreState.Created or StoreState.Loading when log is { LoadBytes: > 0 } => $"The store is still loading its entries: {log.LoadedBytes} of {log.LoadBytes} bytes are read.",
            StoreState.Created or StoreState.Loading => "The store is still loading its entries.",
            StoreState.Failed => "The store has failed and admits no writes. The log says why; restart the service.",
            _ => "The store has stopped and admits no writes.",
        };
        return reason is null
            ? TypedResults.Json(HealthAnswer.Ready, OperatingJson.Default.HealthAnswer)
            : new ProblemResult(Problems.Unavailable(reason, ReadyRetryAfter) with { Outcome = null });
    }

    private static JsonHttpResult<StatusAnswer> Status(HttpContext context, Store store, Engine engine, KvStoreOptions options, ServiceClock clock)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(StatusOf(store, engine, options, clock), OperatingJson.Default.StatusAnswer);
    }

    private static StatusAnswer StatusOf(Store store, Engine engine, KvStoreOptions options, ServiceClock clock)
    {
        var snapshot = store.Latest;
        return new StatusAnswer
        {
            Version = ServiceRunner.Version,
            Engine = options.Engine,
            State = StatusAnswer.NameOf(store.State),
            Revision = snapshot.Revision,
            OldestRevision = Math.Min(store.OldestRevision, snapshot.Revision),
            Keys = snapshot.Count,
            Bytes = snapshot.Bytes,
            Queue = new QueueStatus
            {
                Operations = store.QueuedOperations,
                OperationsMax = store.Options.QueueOperationsMax,
                Bytes = store.QueuedBytes,
                BytesMax = store.Options.QueueBytesMax,
            },
            Watchers = store.Watchers,
            Log = engine.Disk is { } log ? LogStatus.Of(log.Status, options.Log) : null,
            UptimeSeconds = Math.Round(clock.Uptime.TotalSeconds, 3),
            StartedAt = clock.StartedAt,
            Limits = new LimitsStatus
            {
                KeyBytesMax = options.KeyBytesMax,
                ValueBytesMax = options.ValueBytesMax,
                PageEntriesDefault = options.PageEntriesDefault,
                PageEntriesMax = options.PageEntriesMax,
                ConnectionsMax = options.ConnectionsMax,
                WatchersMax = store.Options.WatchersMax,
                HistoryCommitsMax = options.Store.HistoryCommitsMax,
                HistoryBytesMax = options.Store.HistoryBytesMax,
                HistoryAgeMaxSeconds = options.Store.HistoryAgeMax.TotalSeconds,
                KeptSnapshotsMax = options.Store.KeptSnapshotsMax,
                KeptSnapshotAgeMaxSeconds = options.Store.KeptSnapshotAgeMax.TotalSeconds,
            },
        };
    }

    private static ApiExample ExampleOf(HealthAnswer answer) => new(_ => JsonSerializer.SerializeToNode(answer, OperatingJson.Default.HealthAnswer));

    private sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => problem.WriteAsync(httpContext);
    }
}
