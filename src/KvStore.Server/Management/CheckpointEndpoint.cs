using System.Text.Json.Serialization;
using KvStore.Storage;

namespace KvStore.Server;

/// <summary>POST /v1/admin/checkpoint: the one file that a backup is.</summary>
internal sealed class CheckpointEndpoint(Engine engine, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoint = ActivatorUtilities.CreateInstance<CheckpointEndpoint>(routes.ServiceProvider);
        routes.MapMethods("/v1/admin/checkpoint", [HttpMethods.Post], endpoint.MakeAsync).WithApi(CheckpointApi.Make);
    }

    private async Task MakeAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
        {
            await malformed.WriteAsync(context);
            return;
        }

        if (engine.Disk is not { } log)
        {
            await Problems.EngineWithoutFiles().WriteAsync(context);
            return;
        }

        var start = time.GetTimestamp();
        try
        {
            var checkpoint = await log.CheckpointAsync(context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsJsonAsync(
                new CheckpointAnswer(checkpoint.Revision, checkpoint.Entries ?? 0, checkpoint.Bytes, checkpoint.FileName, Math.Round(time.GetElapsedTime(start).TotalSeconds, 3)),
                CheckpointJson.Default.CheckpointAnswer,
                ContentTypes.Json,
                context.RequestAborted);
        }
        catch (Exception exception) when (ProblemOf(exception, log.Status) is not null)
        {
            await ProblemOf(exception, log.Status)!.WriteAsync(context);
        }
    }

    private static Problem? ProblemOf(Exception exception, DiskLogStatus log) => exception switch
    {
        DiskLogException { IsNoSpace: true } => Problems.NoSpace() with
        {
            Detail = "There is no room for a checkpoint beside the files that are there. They are whole, and writes go on as long as they find room. Make room on the disk and ask again.",
            Outcome = null,
        },
        DiskLogException failed => Unavailable($"{failed.Message} What was on the disk before is whole. Check the disk and the system's log, and ask again.", RetryTimes.Restart),
        InvalidOperationException when log.Phase is DiskLogPhase.Created or DiskLogPhase.Loading => Unavailable("The store is still loading. Try again after the time in Retry-After.", RetryTimes.Loading),
        InvalidOperationException when log.Phase == DiskLogPhase.Closed => Unavailable(log.ClosedReason ?? "The service is stopping.", RetryTimes.Restart),
        OperationCanceledException when log.Phase == DiskLogPhase.Closed => Unavailable("The service is stopping, so the checkpoint was given up.", RetryTimes.Restart),
        _ => null,
    };

    private static Problem Unavailable(string detail, TimeSpan retryAfter) => Problems.Unavailable(detail, retryAfter) with { Outcome = null };
}

/// <summary>A checkpoint that there is now.</summary>
internal sealed record CheckpointAnswer(
    [property: JsonPropertyName("revision")] long Revision,
    [property: JsonPropertyName("entries")] long Entries,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("file")] string File,
    [property: JsonPropertyName("duration_seconds")] double DurationSeconds);

/// <summary>How the answer is written, known at compile time.</summary>
[JsonSerializable(typeof(CheckpointAnswer))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
