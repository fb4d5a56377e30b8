using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="ListingEndpoints"/>.</summary>
internal static class ListingApi
{
    private static readonly ApiSchema Page = new("Page", "Entries of one snapshot, or how many there are.",
    [
        Integer("revision", "The revision of the snapshot."),
        Integer("count", "How many entries there are; only with `count_only=true`, and then alone.").Optional(),
        Objects("items", "The entries, in the order of their keys; absent with `count_only=true`.", ApiParts.Item).Optional(),
        Texts("prefixes", "The common prefixes of the keys that are no items, in order; only with `delimiter`.").Optional(),
        Text("cursor", "Where the next page starts; absent on the last page.").Optional(),
    ]);

    private static readonly ApiSchema Deleted = new("Deleted", "What was deleted.",
    [
        Integer("revision", "The revision of the deletion; the latest one if nothing was deleted."),
        Integer("deleted", "How many entries."),
    ]);

    public static readonly ApiOperation List = new("listEntries", ApiParts.EntriesTag, "List entries",
        "Lists entries in the order of their keys' UTF-8 bytes. A page that is not the last has a `cursor`; all pages that are read by cursors come from one snapshot. "
        + "In the query string `+` means a space; write a plus sign as `%2B`.")
    {
        Parameters =
        [
            Parameter("prefix", "Only keys that start with this.", "user/"),
            Parameter("after", "Only keys and common prefixes after this; it need not exist.", null),
            Parameter("delimiter", "List keys that are equal up to the first delimiter after the prefix only once: in `prefixes`, not in `items`. With `/` this lists a directory.", null),
            new("limit", ParameterLocation.Query, JsonSchemaType.Integer, "How many items and prefixes at most. Pages with large values may have fewer.") { Default = 100, Minimum = "1", Maximum = "1000" },
            Parameter("cursor", "Continue where the page with this cursor ended.", null),
            new("values", ParameterLocation.Query, JsonSchemaType.Boolean, "Whether items have values: each as `json`, `text` or `base64`.") { Default = false },
            new("count_only", ParameterLocation.Query, JsonSchemaType.Boolean, "Answer only how many entries there are; not with `limit`, `cursor`, `delimiter` or `values`.") { Default = false },
            .. ReadApi.State,
        ],
        Responses =
        [
            new(200, "A page.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Page, Example)] },
            ApiParts.Malformed("limit"),
            ApiParts.Gone,
            ReadApi.Unavailable,
        ],
    };

    public static readonly ApiOperation Delete = new("deletePrefix", ApiParts.EntriesTag, "Delete entries by their prefix",
        "Deletes all entries whose keys start with a prefix, at one revision, and reports how many.")
    {
        // Without an example, which Swagger UI would fill in.
        Parameters =
        [
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "What the keys start with; not empty.") { Required = true },
            WriteApi.IdempotencyKey,
        ],
        Responses =
        [
            new(200, "The entries were deleted.")
            {
                Headers = [ApiParts.StoreRevision, WriteApi.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, Deleted, new JsonObject { ["revision"] = 7, ["deleted"] = 3 })],
            },
            ApiParts.Malformed("prefix"),
            new(409, "There are more entries than are deleted at once; nothing was deleted.") { Headers = [ApiParts.StoreRevision], Problem = Problems.TooManyEntries() },
            .. WriteApi.Rejections,
        ],
    };

    private static JsonObject Example => new() { ["revision"] = 7, ["items"] = new JsonArray(ApiParts.ItemExample), ["cursor"] = "q83vEgEAAAAAAAAABwAFdXNlci91c2VyLzQyL25hbWU" };

    private static ApiParameter Parameter(string name, string description, string? example) =>
        new(name, ParameterLocation.Query, JsonSchemaType.String, description) { Example = example };
}
