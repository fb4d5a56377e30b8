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

    public static readonly ApiOperation Make = new("makeCheckpoint", ApiTags.Operations, "Write a checkpoint",
        "Waits until a checkpoint of the current state or a later one exists; writes nothing if there is one already. A copy of its file is a backup. With the engine `memory`, which keeps no files, the answer is 409.")
    {
        Rights = Rights.Admin,
        Responses =
        [
            new(200, "The checkpoint exists.") { Contents = [new ApiContent(ContentTypes.Json, Checkpoint, Example)] },
            new(409, "The engine keeps no files.") { Problem = Problems.EngineWithoutFiles() },
            ApiParts.Loading with { SharedAs = null, Description = "The store is loading or stopping, or the disk has failed.", Problem = Problems.Loading() with { Outcome = null } },
            new(507, "The disk has no room for it; the existing files are intact.") { Problem = Problems.NoSpace() with { Outcome = null } },
        ],
    };

    private static JsonObject Example => new() { ["revision"] = 7, ["entries"] = 3, ["bytes"] = 512, ["file"] = "00000000000000000007.checkpoint", ["duration_seconds"] = 0.004 };
}
