using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="TransferEndpoints"/>.</summary>
internal static class TransferApi
{
    private static readonly ApiSchema ImportResult = new("ImportResult", "What an import did.",
    [
        Integer("revision", "The revision that has all of it."),
        Integer("imported", "Entries that were stored."),
        Integer("expired", "Entries that were not stored because they had expired already."),
        Integer("failed", "Lines that are no entries."),
        Objects("errors", "The first of those: each with its `line` and a `detail`."),
    ]);

    private static readonly ApiHeader AcceptRanges = new("Accept-Ranges", JsonSchemaType.String, "An export cannot be resumed.", "none");

    private const string Lines =
        """
        {"key":"user/42/name","content_type":"text/plain","text":"Ada"}
        {"key":"user/42/settings","content_type":"application/json","json":{"theme":"dark"}}

        """;

    public static readonly ApiOperation Export = new("exportEntries", ApiParts.EntriesTag, "Read everything",
        "Answers with every entry of one snapshot, in the order of the keys, one JSON object per line: `key`, `content_type`, `expires_at` if it expires, and exactly one of `json`, `text` and `base64`. "
        + "The same entries always make the same lines. Import accepts them.")
    {
        Parameters =
        [
            new ApiParameter("prefix", ParameterLocation.Query, JsonSchemaType.String, "Only keys that start with this.") { Example = "user/" },
            .. ReadApi.State,
        ],
        Responses =
        [
            new(200, "The entries. A connection that closes early means that the export is incomplete.") { Headers = [ApiParts.StoreRevision, AcceptRanges], Contents = [new ApiContent(ContentTypes.Lines, null, Lines)] },
            ApiParts.Malformed("prefix"),
            ApiParts.Gone,
            ReadApi.Unavailable,
        ],
    };

    public static readonly ApiOperation Import = new("importEntries", ApiParts.EntriesTag, "Store many entries",
        "Stores an entry for each line of the body, as an export writes them, in the order of the lines. It is not one transaction: entries become visible, many at a time, while it runs, "
        + "and a line that is no entry does not stop the others. An interrupted import can be sent again; because it is many commits, `Idempotency-Key` and conditions are rejected. "
        + "With `Accept: application/x-ndjson` the answer has a line of progress after every 10,000 lines that are stored, and its last line is the result, or a problem.")
    {
        Body = new ApiBody("The entries, one JSON object per line.", Required: true, [new ApiContent(ContentTypes.Lines, null, Lines)]),
        Responses =
        [
            new(200, "All lines were read. `errors` has the first lines that are no entries.")
            {
                Headers = [ApiParts.StoreRevision with { Description = "The revision that has all of it; absent if the answer reports progress.", IsOptional = true }],
                Contents = [new ApiContent(ContentTypes.Json, ImportResult, Result), new ApiContent(ContentTypes.Lines, null, "{\"line\":10000,\"imported\":9999,\"expired\":0,\"failed\":1}\n" + Result.ToJsonString() + "\n")],
            },
            ApiParts.Malformed("query"),
            ApiParts.SlowBody with { Description = "The body arrived too slowly; earlier lines may be stored." },
            ApiParts.UnsupportedBody,
            .. WriteApi.Rejections.Where(rejection => rejection.Status != StatusCodes.Status422UnprocessableEntity),
        ],
    };

    private static JsonObject Error => new() { ["line"] = 17, ["detail"] = "key: Give the entry's key." };

    private static JsonObject Result => new() { ["revision"] = 120, ["imported"] = 11999, ["expired"] = 0, ["failed"] = 1, ["errors"] = new JsonArray(Error) };
}
