using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of <see cref="PrefixEndpoints"/>.</summary>
internal static class PrefixApi
{
    public static readonly ApiOperation Delete = new("deletePrefix", ApiParts.EntriesTag, "Delete entries by their prefix",
        "Deletes all entries whose keys start with a prefix, at one revision, and says how many they were.")
    {
        // Without an example, which Swagger UI would fill in.
        Parameters =
        [
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "What the keys start with; not empty.") { Required = true },
            ApiParts.IdempotencyKey,
        ],
        Responses =
        [
            new(200, "The entries are gone.")
            {
                Headers = [ApiParts.StoreRevision, ApiParts.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, ApiSchemas.Deleted, new JsonObject { ["revision"] = 7, ["deleted"] = 3 })],
            },
            ApiParts.Malformed("prefix"),
            new(409, "There are more entries than are deleted at once; nothing was deleted.") { Headers = [ApiParts.StoreRevision], Problem = Problems.TooManyEntries() },
            .. ApiParts.WriteRefusals,
        ],
    };
}
