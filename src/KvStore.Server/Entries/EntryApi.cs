using KvStore.Origins;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="EntryEndpoints"/>.</summary>
internal static class EntryApi
{
    public const string NotMergePatch = $"Send a JSON merge patch (RFC 7396), with the header Content-Type: {ContentTypes.MergePatch}.";

    private static readonly IReadOnlyList<ApiContent> Value =
    [
        // JSON first: Swagger UI offers the first one, and a text to edit in place of a file to choose.
        new(ContentTypes.Json, null, Examples.Value),
        new("text/plain", null, "Ada"),
        new(ContentTypes.OctetStream, null, null),
    ];

    // Required, although a value may be empty: otherwise Swagger UI would store nothing as the value while no file is chosen.
    private static readonly ApiBody ValueBody = new("The value: 0 bytes to 1 MiB.", Required: true, Value);

    private static readonly ApiParameter Wait = new(LongPoll.WaitParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Wait up to this many seconds until the entry changes after the revision in `after`, or no longer has an ETag of `If-None-Match`; 304 if it does not. With neither, wait for the next change.")
    { Minimum = "0", Maximum = "60" };

    private static readonly ApiParameter After = new(LongPoll.AfterParameter, ParameterLocation.Query, JsonSchemaType.String,
        "Which changes `wait` waits for: those after this position, a revision or the `id` of an event of a watch.");

    private static readonly ApiHeader AcceptPatch = new("Accept-Patch", JsonSchemaType.String, "The media type of patches; absent if the media type is not at fault.", ContentTypes.MergePatch) { IsOptional = true };

    private static readonly ApiHeader Location = new("Location", JsonSchemaType.String, "The path of the new entry.", "/v1/kv/example/queue/0000000000000000007");

    private static readonly ApiParameter CacheControl = new("Cache-Control", ParameterLocation.Header, JsonSchemaType.String,
        "For a key that comes from an origin: `no-cache`, `max-age`, `min-fresh`, `max-stale` and `only-if-cached` (RFC 9111). Other keys have no use for it.");

    private static readonly ApiParameter LoadToken = new(OriginProblems.LoadToken, ParameterLocation.Header, JsonSchemaType.String,
        "For a key of an origin that clients load: the token of the GET after which this was loaded. 412 if the key has changed since.");

    private static readonly ApiHeader LoadTokenOfAnswer = new(OriginProblems.LoadToken, JsonSchemaType.String,
        "For a key of an origin that clients load, and that is absent or stale: this client loads it, and sends the token with its PUT or DELETE; else absent.", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    { IsOptional = true };

    private static readonly ApiHeader RetryIfLeased = ApiParts.RetryAfter with { Description = "For such a key that another client loads: when to come back; else absent.", IsOptional = true };

    private static readonly ApiHeader Age = new("Age", JsonSchemaType.Integer, "Seconds since the origin made the answer; absent if the key has no origin.", 12) { IsOptional = true };

    private static readonly ApiHeader CacheStatus = new(CacheAnswer.StatusHeader, JsonSchemaType.String, "What became of the request in the cache (RFC 9211); absent if the key has no origin.", "kvstore; hit; ttl=37") { IsOptional = true };

    public static readonly ApiOperation Get = new("getEntry", ApiTags.Entries, "Read a value",
        "Returns the bytes as they were stored, with their media type. Reads are linearizable: they see every write that was acknowledged before. "
        + "With `wait` it is a long poll. HEAD returns the headers alone. A key below the prefix of an origin is loaded if it has to be, and `Cache-Control` says what the client accepts.")
    {
        Rights = Rights.Read,
        WaitParameter = LongPoll.WaitParameter,
        Parameters = [ApiParts.Key, .. ReadApi.State, Wait, After, .. ReadApi.Conditions, CacheControl],
        Responses =
        [
            new(200, "The value and its media type, as they were stored.") { Headers = [ApiParts.ETag, ApiParts.LastModified, ApiParts.StoreRevision, ApiParts.Expires, ApiParts.StateAge, Age, CacheStatus, LoadTokenOfAnswer, RetryIfLeased], Contents = Value },
            ApiParts.NotModified with { SharedAs = null, Headers = [.. ApiParts.NotModified.Headers, Age, CacheStatus] },
            ApiParts.MalformedKey,
            ApiParts.NotFound with { SharedAs = null, Headers = [.. ApiParts.NotFound.Headers, Age, CacheStatus, LoadTokenOfAnswer, RetryIfLeased] },
            ApiParts.Gone,
            ReadApi.PreconditionFailed,
            ApiParts.TooManyWatchers with
            {
                SharedAs = null,
                Description = "There are too many watchers, or too many requests wait for the origin of the key.",
                Headers = [.. ApiParts.TooManyWatchers.Headers, ApiParts.StoreRevisionIfAsked, CacheStatus],
            },
            new(502, "The origin of the key has no usable answer.") { Headers = [ApiParts.RetryAfter, ApiParts.StoreRevision, CacheStatus], Problem = OriginProblems.NotLoaded(new(LoadFailure.BadAnswer, null, "The origin answered 500.")) },
            ReadApi.Unavailable with
            {
                SharedAs = null,
                Description = ReadApi.Unavailable.Description[..^1] + "; or the origin of the key is not called now.",
                Headers = [.. ReadApi.Unavailable.Headers, ApiParts.StoreRevisionIfAsked, CacheStatus],
            },
            new(504, "The origin of the key did not answer in time, or the request accepts only what is stored.") { Headers = [ApiParts.RetryAfter with { IsOptional = true }, ApiParts.StoreRevision, CacheStatus], Problem = OriginProblems.NotCached() },
        ],
    };

    public static readonly ApiOperation Put = new("putEntry", ApiTags.Entries, "Store a value",
        "Stores the body, which may be any bytes, under the key, and replaces what was there. Without a `Content-Type`, or with curl's default for `--data`, the value is `application/octet-stream`. "
        + "`If-None-Match: *` only creates; `If-Match: \"7\"` replaces only what you have read. "
        + "Without `ttl` the entry does not expire, even if the one that it replaces did.")
    {
        Rights = Rights.Write,
        Parameters = [ApiParts.Key, WriteApi.Ttl, .. WriteApi.Headers, LoadToken],
        Body = ValueBody,
        Responses =
        [
            new(201, "The entry was created.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            new(204, "The entry was replaced.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            WriteApi.NotReplaced,
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge,
            ApiParts.UnsupportedBody,
            .. WriteApi.RejectionsOfKey,
        ],
    };

    public static readonly ApiOperation Delete = new("deleteEntry", ApiTags.Entries, "Delete an entry",
        "Deletes the key's entry. With `If-Match` only if it is the one that you have read.")
    {
        Rights = Rights.Delete,
        Parameters = [ApiParts.Key, .. WriteApi.Headers, LoadToken],
        Responses =
        [
            new(204, "The entry was deleted.") { Headers = [ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            WriteApi.RefusedByOrigin,
            ApiParts.PreconditionFailed,
            .. WriteApi.RejectionsOfKey,
        ],
    };

    public static readonly ApiOperation Patch = new("patchEntry", ApiTags.Entries, "Change members of a JSON value",
        "Applies a JSON merge patch (RFC 7396) to the value: `null` removes a member, objects are merged, and everything else is replaced. "
        + "It applies to the latest value at commit time, so concurrent patches do not overwrite each other. Without a body and with `ttl` it changes only the expiry.")
    {
        Rights = Rights.Write,
        Parameters = [ApiParts.Key, WriteApi.TtlOfExisting, .. WriteApi.Headers],
        Body = new ApiBody("The patch.", Required: false, [new ApiContent(ContentTypes.MergePatch, null, Examples.Patch)]),
        Responses =
        [
            new(204, "The entry was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.SlowBody,
            new(409, "The stored value is not JSON, or a mergeable one, or the key is that of an origin; nothing was changed.") { Headers = [ApiParts.ETagOfExisting, ApiParts.StoreRevision], Problem = Problems.NotJson() },
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge with { SharedAs = null, Headers = [ApiParts.ETagOfExisting, ApiParts.StoreRevisionIfAsked] },
            ApiParts.UnsupportedBody with { SharedAs = null, Description = "The body is no JSON merge patch by its media type, or is encoded.", Headers = [AcceptPatch, .. ApiParts.UnsupportedBody.Headers], Problem = Problems.UnsupportedMediaType(NotMergePatch) },
            .. WriteApi.RejectionsOfKey,
        ],
    };

    public static readonly ApiOperation Append = new("appendEntry", ApiTags.Entries, "Store a value below a prefix, under a generated key",
        "Stores the body under the prefix followed by the revision of the write in 19 digits. `Location` names the new entry. "
        + "A listing of the prefix returns the entries in the order of their commits.")
    {
        Rights = Rights.Write,
        Parameters =
        [
            // One path has one name for its parameter, and tools reject a second path that differs by the slash at its end.
            ApiParts.Key with { Description = "A prefix that ends with `/`, in place of a key: at most 994 bytes of UTF-8 after percent-decoding once.", Example = Examples.Queue },
            WriteApi.Ttl,
            WriteApi.IdempotencyKey,
        ],
        Body = ValueBody,
        Responses =
        [
            new(201, "The value is stored.") { Headers = [Location, ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            WriteApi.RefusedByOrigin,
            ApiParts.TooLarge,
            ApiParts.UnsupportedBody,
            .. WriteApi.Rejections,
        ],
    };
}
