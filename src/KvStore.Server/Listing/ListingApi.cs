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

    public static readonly ApiOperation List = new("listEntries", ApiTags.Listing, "List entries",
        "Lists entries in the byte order of their UTF-8 keys. As long as a page has a `cursor`, there is more; all pages show the revision of the first one. "
        + "In the query string `+` means a space; write a plus sign as `%2B`. HEAD returns the headers alone, with the store's revision.")
    {
        Rights = Rights.Read,
        Parameters =
        [
            // Without defaults, which Swagger UI would send: some of these exclude each other.
            Parameter("prefix", JsonSchemaType.String, "Only keys that start with this."),
            Parameter("after", JsonSchemaType.String, "Only keys and common prefixes after this one, which need not exist."),
            Parameter("delimiter", JsonSchemaType.String, "Collapse keys that share the text up to the next delimiter after the prefix into one item of `prefixes`. `/` lists one level, like a directory."),
            Parameter("limit", JsonSchemaType.Integer, "The most items and prefixes on a page; 100 if it is not given. Pages with large values may have fewer.") with { Minimum = "1", Maximum = "1000" },
            Parameter("cursor", JsonSchemaType.String, "Continue after the page with this cursor."),
            Parameter("values", JsonSchemaType.Boolean, "`true`: with values, each as `json`, `text` or `base64`."),
            Parameter("count_only", JsonSchemaType.Boolean, "`true`: only the number of entries. Not with `limit`, `cursor`, `delimiter` or `values`."),
            .. ReadApi.State,
        ],
        Responses =
        [
            new(200, "A page.") { Headers = [ApiParts.StoreRevision, ApiParts.StateAge], Contents = [new ApiContent(ContentTypes.Json, Page, Example)] },
            ApiParts.Gone,
            ReadApi.Unavailable,
        ],
    };

    public static readonly ApiOperation Delete = new("deletePrefix", ApiTags.Bulk, "Delete entries by their prefix",
        "Deletes every entry whose key starts with the prefix, at one revision, and reports how many. Nothing brings them back: list the prefix first.")
    {
        Rights = Rights.Delete,
        Parameters =
        [
            Parameter("prefix", JsonSchemaType.String, "What the keys start with. Not empty, because that would delete everything.") with { Required = true, Example = Examples.DeletedPrefix },
            WriteApi.IdempotencyKey,
        ],
        Responses =
        [
            new(200, "The entries were deleted.")
            {
                Headers = [ApiParts.StoreRevision, WriteApi.Replayed],
                Contents = [new ApiContent(ContentTypes.Json, Deleted, new JsonObject { ["revision"] = 7, ["deleted"] = 3 })],
            },
            new(409, "There are more entries than are deleted at once, or some are those of an origin; nothing was deleted.") { Headers = [ApiParts.StoreRevision], Problem = Problems.TooManyEntries() },
            .. WriteApi.Rejections,
        ],
    };

    private static JsonObject Example => new() { ["revision"] = 7, ["items"] = new JsonArray(Examples.Item), ["cursor"] = "q83vEgEAAAAAAAAABwAIZXhhbXBsZS9leGFtcGxlL2FkYQ" };

    private static ApiParameter Parameter(string name, JsonSchemaType type, string description) => new(name, ParameterLocation.Query, type, description);
}
