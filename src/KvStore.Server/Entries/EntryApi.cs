using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="EntryEndpoints"/>.</summary>
internal static class EntryApi
{
    /// <summary>What a value may be.</summary>
    public static readonly IReadOnlyList<ApiContent> Value =
    [
        new("application/octet-stream", null, null),
        new("application/json", null, new JsonObject { ["name"] = "Ada" }),
        new("text/plain", null, "Ada"),
    ];

    private static readonly ApiParameter Wait = new(LongPoll.WaitParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Wait up to this many seconds until the entry changes after the revision in `after`; 304 if it does not.")
    { Minimum = "0", Maximum = "60" };

    private static readonly ApiParameter After = new(LongPoll.AfterParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Which changes `wait` waits for: those after this revision. Without it, those from now on.")
    { Minimum = "0" };

    private static readonly IReadOnlyList<ApiResponse> ReadResponses =
    [
        new(200, "The value, as it was stored, with the media type that it was stored with.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, ApiParts.Expires], Contents = Value },
        ApiParts.NotModified,
        ApiParts.MalformedKey,
        ApiParts.NotFound,
        ApiParts.Gone,
        ApiParts.PreconditionFailed,
        ApiParts.TooManyWatchers,
        ReadApi.Unavailable,
    ];

    public static readonly ApiOperation Get = new("getEntry", ApiParts.EntriesTag, "Read a value",
        "Answers with the bytes that were stored and the media type that they were stored with. Reads are linearizable: they see every write that was acknowledged before.")
    {
        Parameters = [ApiParts.Key, .. ReadApi.State, Wait, After, .. ReadApi.Conditions],
        Responses = ReadResponses,
    };

    public static readonly ApiOperation Put = new("putEntry", ApiParts.EntriesTag, "Store a value",
        "Stores the body, any bytes, under the key. Without a `Content-Type`, or with curl's default for `--data`, the value is `application/octet-stream`. "
        + "Use `If-None-Match: *` to create only, `If-Match: \"7\"` to replace only what you have read. "
        + "Without `ttl` the entry stays, also when the one before it was to be deleted.")
    {
        Parameters = [ApiParts.Key, WriteApi.Ttl, .. WriteApi.Headers],
        Body = new ApiBody("The value: 0 bytes to 1 MiB.", Required: false, Value),
        Responses =
        [
            new(201, "The key had no entry; it has one now.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            new(204, "The entry was replaced.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge,
            .. WriteApi.Rejections,
        ],
    };

    public static readonly ApiOperation Delete = new("deleteEntry", ApiParts.EntriesTag, "Delete an entry",
        "Removes the key's entry.")
    {
        Parameters = [ApiParts.Key, .. WriteApi.Headers],
        Responses =
        [
            new(204, "The entry is gone.") { Headers = [ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.PreconditionFailed,
            .. WriteApi.Rejections,
        ],
    };
}
