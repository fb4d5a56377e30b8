using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="PrefixEndpoints"/>.</summary>
internal static class PrefixApi
{
    private static readonly ApiSchema Deleted = new("Deleted", "What was deleted.",
    [
        Integer("revision", "The revision of the deletion; the latest one if nothing was deleted."),
        Integer("deleted", "How many entries."),
    ]);

    public static readonly ApiOperation Delete = new("deletePrefix", ApiParts.EntriesTag, "Delete entries by their prefix",
        "Deletes all entries whose keys start with a prefix, at one revision, and says how many they were.")
    {
        // Without an example, which Swagger UI would fill in.
        Parameters =
        [
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "What the keys start with; not empty.") { Required = true },
            WriteApi.IdempotencyKey,
        ],
        Responses =
        [
            new(200, "The entries are gone.")
            {
                Headers = [ApiParts.StoreRevision, WriteApi.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, Deleted, new JsonObject { ["revision"] = 7, ["deleted"] = 3 })],
            },
            ApiParts.Malformed("prefix"),
            new(409, "There are more entries than are deleted at once; nothing was deleted.") { Headers = [ApiParts.StoreRevision], Problem = Problems.TooManyEntries() },
            .. WriteApi.Rejections,
        ],
    };
}
