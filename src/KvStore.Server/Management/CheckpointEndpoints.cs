using KvStore.Storage;

namespace KvStore.Server;

/// <summary>POST of /v1/admin/checkpoint: writes the one file that a backup consists of.</summary>
internal sealed class CheckpointEndpoints(Engine engine, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<CheckpointEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, "/v1/admin/checkpoint", endpoints.MakeAsync, CheckpointApi.Make);
    }

    private async Task<Problem?> MakeAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;
        if (engine.Disk is not { } log)
            return Problems.EngineWithoutFiles();

        var start = time.GetTimestamp();
        try
        {
            var checkpoint = await log.CheckpointAsync(context.RequestAborted);
            await WriteAsync(context, checkpoint, time.GetElapsedTime(start));
            return null;
        }
        catch (Exception exception) when (ProblemOf(exception, log.Status) is { } problem)
        {
            return problem with { Outcome = null };
        }
    }

    private async Task WriteAsync(HttpContext context, DiskCheckpoint checkpoint, TimeSpan duration)
    {
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteNumber("revision"u8, checkpoint.Revision);
        output.Json.WriteNumber("entries"u8, checkpoint.Entries ?? 0);
        output.Json.WriteNumber("bytes"u8, checkpoint.Bytes);
        output.Json.WriteString("file"u8, checkpoint.FileName);
        output.Json.WriteNumber("duration_seconds"u8, Math.Round(duration.TotalSeconds, 3));
        output.Json.WriteEndObject();
        await output.FlushAsync();
    }

    private static Problem? ProblemOf(Exception exception, DiskLogStatus log) => exception switch
    {
        DiskLogException { IsNoSpace: true } => Problems.NoSpace() with
        {
            Detail = "There is no room for a checkpoint beside the existing files, which are intact. Writes continue while they find room. Free disk space and try again.",
        },
        DiskLogException failed => Problems.Unavailable($"{failed.Message} The existing files are intact. Check the disk and the system's log, and try again.", RetryTimes.Restart),
        InvalidOperationException when log.Phase is DiskLogPhase.Created or DiskLogPhase.Loading => Problems.Loading(),
        InvalidOperationException when log.Phase == DiskLogPhase.Closed => Problems.Unavailable(log.ClosedReason ?? "The service is stopping.", RetryTimes.Restart),
        OperationCanceledException when log.Phase == DiskLogPhase.Closed => Problems.Unavailable("The service is stopping, so the checkpoint was abandoned.", RetryTimes.Restart),
        _ => null,
    };
}
