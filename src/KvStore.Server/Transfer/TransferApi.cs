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
        Integer("failed", "Lines that are no entries, or whose key the client may not write."),
        Objects("errors", "The first of those.", new ApiSchema("ImportError", "A line that is no entry.",
        [
            Integer("line", "Its number, from 1."),
            Text("detail", "What is wrong with it, and what to do."),
        ])),
    ]);

    private static readonly ApiHeader AcceptRanges = new("Accept-Ranges", JsonSchemaType.String, "An export cannot be resumed.", "none");

    public const string NotLines = $"Send one JSON object per line, with the header Content-Type: {ContentTypes.Lines}.";

    private const string Lines =
        """
        {"key":"example/imported/1","content_type":"application/json","json":{"name":"Grace"}}
        {"key":"example/imported/2","content_type":"text/plain","text":"two"}

        """;

    public static readonly ApiOperation Export = new("exportEntries", ApiTags.Bulk, "Export entries",
        "Streams every entry of one snapshot in key order, one JSON object per line: `key`, `content_type`, `expires_at` if it expires, and exactly one of `json`, `text` and `base64`. "
        + "The same entries always produce the same lines. Import stores them.")
    {
        Rights = Rights.Read,
        Holds = HeldPlace.Transfer,
        Parameters =
        [
            new ApiParameter("prefix", ParameterLocation.Query, JsonSchemaType.String, "Only keys that start with this.") { Example = Examples.Prefix },
            .. ReadApi.State,
        ],
        Responses =
        [
            new(200, "The entries. A connection that closes early means that the export is incomplete.") { Headers = [ApiParts.StoreRevision, AcceptRanges, ApiParts.StateAge], Contents = [new ApiContent(ContentTypes.Lines, null, Lines)] },
            ApiParts.Gone,
            ReadApi.Unavailable,
        ],
    };

    public static readonly ApiOperation Import = new("importEntries", ApiTags.Bulk, "Import entries",
        "Stores an entry for each line of the body, as an export writes them, in the order of the lines, replacing what was there. It is not a transaction: entries become visible while it runs, "
        + "and an invalid line does not stop it. If it is interrupted, send it again. Because it is many commits, `Idempotency-Key` and conditions are rejected. "
        + "With `Accept: application/x-ndjson` the response has a progress line every 10,000 lines, and its last line is the report, or a problem.")
    {
        Rights = Rights.Write,
        Holds = HeldPlace.Transfer,
        Body = new ApiBody("The entries, one JSON object per line.", Required: true, [new ApiContent(ContentTypes.Lines, null, Lines)]),
        Responses =
        [
            new(200, "All lines were read. `errors` has the first lines that are no entries.")
            {
                Headers = [ApiParts.StoreRevision with { Description = "The revision that has all of it; absent if the answer reports progress.", IsOptional = true }],
                Contents = [new ApiContent(ContentTypes.Json, ImportResult, Result), new ApiContent(ContentTypes.Lines, null, "{\"line\":10000,\"imported\":9999,\"expired\":0,\"failed\":1}\n" + Result.ToJsonString() + "\n")],
            },
            ApiParts.SlowBody with { SharedAs = null, Description = "The body arrived too slowly; earlier lines may be stored." },
            ApiParts.UnsupportedBody with { SharedAs = null, Description = "The body is not lines of JSON by its media type, or is encoded.", Problem = Problems.UnsupportedMediaType(NotLines) },
            .. WriteApi.Rejections.Where(rejection => rejection.Status != StatusCodes.Status422UnprocessableEntity),
        ],
    };

    private static JsonObject Error => new() { ["line"] = 17, ["detail"] = "key: Give the entry's key." };

    private static JsonObject Result => new() { ["revision"] = 120, ["imported"] = 11999, ["expired"] = 0, ["failed"] = 1, ["errors"] = new JsonArray(Error) };
}
