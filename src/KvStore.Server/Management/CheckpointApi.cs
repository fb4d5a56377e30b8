using System.Text.Json.Nodes;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of <see cref="CheckpointEndpoint"/>.</summary>
internal static class CheckpointApi
{
    public static readonly ApiOperation Make = new("makeCheckpoint", ApiParts.OperatingTag, "Write a checkpoint",
        "Waits until there is a checkpoint of the present state or a later one. A copy of its file is a backup; it never changes once it has its name. When there is one already, nothing is written.")
    {
        Responses =
        [
            new(200, "There is a checkpoint.") { Contents = [new ApiContent(ContentTypes.Json, ApiSchemas.Checkpoint, Example)] },
            ApiParts.Malformed("query"),
            new(409, "The engine keeps no files.") { Problem = Problems.EngineWithoutFiles() },
            new(503, "The store is loading or stopping, or the disk has failed.")
            {
                Headers = [ApiParts.RetryAfter],
                Problem = Problems.Unavailable("The store is still loading. Try again after the time in Retry-After.", RetryTimes.Loading) with { Outcome = null },
            },
            new(507, "The disk has no room for it; what was there before is whole.") { Problem = Problems.NoSpace() with { Outcome = null } },
        ],
    };

    private static JsonObject Example => new()
    {
        ["revision"] = 7,
        ["entries"] = 3,
        ["bytes"] = 512,
        ["file"] = "00000000000000000007.checkpoint",
        ["duration_seconds"] = 0.004,
    };
}
