using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of <see cref="ListingEndpoints"/>.</summary>
internal static class ListingApi
{
    public static readonly ApiOperation List = new("listEntries", ApiParts.EntriesTag, "List entries",
        "Lists entries in the order of their keys' UTF-8 bytes. A page that is not the last has a `cursor`; all pages that are read by cursors come from one snapshot, however long it takes. "
        + "In the query string `+` means a space; write a plus sign as `%2B`.")
    {
        Parameters =
        [
            Text("prefix", "Only keys that start with this.", "user/"),
            Text("after", "Only keys and common prefixes after this; it need not exist.", null),
            Text("delimiter", "List keys that have this after the prefix only once for all that are the same up to it: in `prefixes`, and not in `items`. With `/` this lists a directory.", null),
            new("limit", ParameterLocation.Query, JsonSchemaType.Integer, "How many items and prefixes at most. Pages with large values may have fewer.")
            {
                Default = 100,
                Minimum = "1",
                Maximum = "1000",
            },
            Text("cursor", "Go on where the page with this cursor ended.", null),
            new("values", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether items have values: each as `json`, `text` or `base64`.") { Default = false },
            new("count_only", ParameterLocation.Query, JsonSchemaType.Boolean, "Answer only how many entries there are; not with `limit`, `cursor`, `delimiter` or `values`.") { Default = false },
            .. ApiParts.ReadState,
        ],
        Responses =
        [
            new(200, "A page.")
            {
                Headers = [ApiParts.StoreRevision],
                Contents = [new ApiContent(ContentTypes.Json, ApiSchemas.Page, Example)],
            },
            ApiParts.Malformed("limit"),
            ApiParts.Gone,
            ApiParts.ReadRefused,
        ],
    };

    public static readonly ApiOperation Head = List.AsHead("headEntries");

    private static JsonObject Example => new()
    {
        ["revision"] = 7,
        ["items"] = new JsonArray(new JsonObject
        {
            ["key"] = "user/42/name",
            ["revision"] = 7,
            ["created_revision"] = 3,
            ["version"] = 2,
            ["content_type"] = "text/plain",
            ["size"] = 3,
            ["modified_at"] = "2026-01-31T12:00:00.123Z",
            ["text"] = "Ada",
        }),
        ["cursor"] = "q83vEgEAAAAAAAAABwAFdXNlci91c2VyLzQyL25hbWU",
    };

    private static ApiParameter Text(string name, string description, string? example) =>
        new(name, ParameterLocation.Query, JsonSchemaType.String, description) { Example = example };
}
