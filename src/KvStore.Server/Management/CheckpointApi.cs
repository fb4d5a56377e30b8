using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="CheckpointEndpoints"/>.</summary>
internal static class CheckpointApi
{
    private static readonly ApiSchema Checkpoint = new("Checkpoint", "The newest checkpoint.",
    [
        Integer("revision", "The revision whose entries it contains."),
        Integer("entries", "How many entries it contains."),
        Integer("bytes", "Bytes of the file."),
        Text("file", "The file's name in the data directory."),
        Number("duration_seconds", "How long this request took."),
    ]);

    public static readonly ApiOperation Make = new("makeCheckpoint", ApiParts.OperatingTag, "Write a checkpoint",
        "Waits until there is a checkpoint of the present state or a later one; writes nothing if there is one already. A copy of its file is a backup: a checkpoint never changes once it has its name.")
    {
        Responses =
        [
            new(200, "The checkpoint exists.") { Contents = [new ApiContent(ContentTypes.Json, Checkpoint, Example)] },
            ApiParts.Malformed("query"),
            new(409, "The engine keeps no files.") { Problem = Problems.EngineWithoutFiles() },
            ApiParts.Loading with { Description = "The store is loading or stopping, or the disk has failed.", Problem = Problems.Loading() with { Outcome = null } },
            new(507, "The disk has no room for it; the existing files are intact.") { Problem = Problems.NoSpace() with { Outcome = null } },
        ],
    };

    private static JsonObject Example => new() { ["revision"] = 7, ["entries"] = 3, ["bytes"] = 512, ["file"] = "00000000000000000007.checkpoint", ["duration_seconds"] = 0.004 };
}
