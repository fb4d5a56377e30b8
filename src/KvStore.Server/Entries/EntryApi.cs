using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="EntryEndpoints"/>.</summary>
internal static class EntryApi
{
    public const string NotMergePatch = $"Send a JSON merge patch (RFC 7396), with the header Content-Type: {ContentTypes.MergePatch}.";

    private static readonly IReadOnlyList<ApiContent> Value =
    [
        new("application/octet-stream", null, null),
        new("application/json", null, new JsonObject { ["name"] = "Ada" }),
        new("text/plain", null, "Ada"),
    ];

    private static readonly ApiParameter Wait = new(LongPoll.WaitParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Wait up to this many seconds until the entry changes after the revision in `after`, or no longer has an ETag of `If-None-Match`; 304 if it does not. With neither, wait for the next change.")
    { Minimum = "0", Maximum = "60" };

    private static readonly ApiParameter After = new(LongPoll.AfterParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Which changes `wait` waits for: those after this revision.")
    { Minimum = "0" };

    private static readonly ApiHeader AcceptPatch = new("Accept-Patch", JsonSchemaType.String, "The media type of patches; absent if the media type is not at fault.", ContentTypes.MergePatch) { IsOptional = true };

    private static readonly ApiHeader Location = new("Location", JsonSchemaType.String, "The path of the new entry.", "/v1/kv/queue/0000000000000000007");

    public static readonly ApiOperation Get = new("getEntry", ApiParts.EntriesTag, "Read a value",
        "Answers with the stored bytes and their media type. Reads are linearizable: they see every write that was acknowledged before.")
    {
        Parameters = [ApiParts.Key, .. ReadApi.State, Wait, After, .. ReadApi.Conditions],
        Responses =
        [
            new(200, "The value and its media type, as they were stored.") { Headers = [ApiParts.ETag, ApiParts.LastModified, ApiParts.StoreRevision, ApiParts.Expires], Contents = Value },
            ApiParts.NotModified,
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.Gone,
            ReadApi.PreconditionFailed,
            ApiParts.TooManyWatchers,
            ReadApi.Unavailable,
        ],
    };

    public static readonly ApiOperation Put = new("putEntry", ApiParts.EntriesTag, "Store a value",
        "Stores the body, any bytes, under the key. Without a `Content-Type`, or with curl's default for `--data`, the value is `application/octet-stream`. "
        + "Use `If-None-Match: *` to create only, `If-Match: \"7\"` to replace only what you have read. "
        + "Without `ttl` the entry does not expire, even if the one that it replaces did.")
    {
        Parameters = [ApiParts.Key, WriteApi.Ttl, .. WriteApi.Headers],
        Body = new ApiBody("The value: 0 bytes to 1 MiB.", Required: false, Value),
        Responses =
        [
            new(201, "The entry was created.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            new(204, "The entry was replaced.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge,
            ApiParts.UnsupportedBody,
            .. WriteApi.Rejections,
        ],
    };

    public static readonly ApiOperation Delete = new("deleteEntry", ApiParts.EntriesTag, "Delete an entry",
        "Removes the key's entry.")
    {
        Parameters = [ApiParts.Key, .. WriteApi.Headers],
        Responses =
        [
            new(204, "The entry was deleted.") { Headers = [ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.PreconditionFailed,
            .. WriteApi.Rejections,
        ],
    };

    public static readonly ApiOperation Patch = new("patchEntry", ApiParts.EntriesTag, "Change members of a JSON value",
        "A JSON merge patch (RFC 7396): members of the patch replace those of the value, `null` removes, objects are merged. "
        + "It is evaluated against the latest value, so that any number of clients may patch one key. Without a body it changes only the expiry.")
    {
        Parameters = [ApiParts.Key, WriteApi.TtlOfExisting, .. WriteApi.Headers],
        Body = new ApiBody("The patch.", Required: false, [new ApiContent(ContentTypes.MergePatch, null, new JsonObject { ["name"] = "Ada", ["age"] = null })]),
        Responses =
        [
            new(204, "The entry was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.SlowBody,
            new(409, "The stored value is not JSON; nothing was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision], Problem = Problems.NotJson() },
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge with { Headers = [ApiParts.ETagOfExisting, ApiParts.StoreRevisionIfAsked] },
            ApiParts.UnsupportedBody with { Description = "The body is no JSON merge patch by its media type, or is encoded.", Headers = [AcceptPatch, .. ApiParts.UnsupportedBody.Headers], Problem = Problems.UnsupportedMediaType(NotMergePatch) },
            .. WriteApi.Rejections,
        ],
    };

    public static readonly ApiOperation Append = new("appendEntry", ApiParts.EntriesTag, "Store a value under a new key",
        "Stores the body under a new key below a prefix that ends with a slash: the prefix, and the revision of the write in 19 digits. "
        + "So a listing of the prefix has the entries in the order of their commits.")
    {
        Parameters =
        [
            ApiParts.Key with { Description = "The prefix, with a slash at its end: at most 994 bytes of UTF-8 after percent-decoding once.", Example = "queue/" },
            WriteApi.Ttl,
            WriteApi.IdempotencyKey,
        ],
        Body = new ApiBody("The value: 0 bytes to 1 MiB.", Required: false, Value),
        Responses =
        [
            new(201, "The value is stored.") { Headers = [Location, ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            ApiParts.TooLarge,
            ApiParts.UnsupportedBody,
            .. WriteApi.Rejections,
        ],
    };
}
