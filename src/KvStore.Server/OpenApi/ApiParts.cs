using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>Parameters, headers, answers and schemas that several features share.</summary>
internal static class ApiParts
{
    public static readonly ApiSchema Error = new("Problem", "An error (RFC 9457).",
    [
        Text("type", "The stable name of the error, and the path of its explanation."),
        Text("title", "What is wrong, the same for every occurrence."),
        Integer("status", "The HTTP status."),
        Text("detail", "What is wrong this time, and what to do."),
        Text("field", "The part of the request that was wrong.").Optional(),
        Integer("oldest_revision", "With 410: the oldest revision that can be read now.").Optional(),
        Objects("failed", "With 412 of a transaction: every guard that failed.", new ApiSchema("FailedGuard", "A guard that failed.",
        [
            Text("field", "The guard: its place in the request."),
            Text("key", "Its key."),
            Integer("revision", "The current revision of the key's entry; null if it has none.").Nullable(),
        ])).Optional(),
        Text("version", "With `replica-gap`: what the mergeable value includes.").Optional(),
        Text("outcome", "With a write that failed on the service's side: `not-applied` (safe to retry) or `unknown`.").Optional(),
    ]);

    public static readonly ApiSchema Item = new("Item", "An entry in a listing.",
    [
        Text("key", "The key."),
        Integer("revision", "The revision that last wrote it: its ETag without the quotes."),
        Integer("created_revision", "The revision that created it."),
        Integer("version", "How many writes it has had since it was created."),
        Text("content_type", "The media type that it was stored with."),
        Integer("size", "Bytes of the value."),
        Time("modified_at", "When it was last written (RFC 3339)."),
        Time("expires_at", "When it will be deleted; absent if it does not expire.").Optional(),
        new ApiMember("json", null, "The value, if it is JSON by its media type and in fact.").Optional(),
        Text("text", "The value, if it is any other UTF-8.").Optional(),
        Text("base64", "The value, if it is anything else.").Optional(),
    ]);

    public static readonly ApiParameter Key = new("key", ParameterLocation.Path, JsonSchemaType.String,
        "The key: 1 to 1024 bytes of UTF-8 after percent-decoding once. `/` is an ordinary character, and `%2F` means the same.")
    { Example = Examples.Entry };

    // Conditions have no examples, because Swagger UI would send them.
    public static readonly ApiParameter IfMatch = new("If-Match", ParameterLocation.Header, JsonSchemaType.String,
        "Only if the entry has one of these ETags; `*`: only if there is an entry.");

    public static readonly ApiParameter IfNoneMatch = new("If-None-Match", ParameterLocation.Header, JsonSchemaType.String,
        "Only if the entry has none of these ETags; `*`: only if there is no entry.");

    public static readonly ApiParameter IfUnmodifiedSince = new("If-Unmodified-Since", ParameterLocation.Header, JsonSchemaType.String,
        "Only if there is an entry that was not written since this `Last-Modified`. Dates have seconds; prefer `If-Match`, without which alone this counts.");

    public static readonly ApiHeader ETag = new("ETag", JsonSchemaType.String, "The entry's revision, quoted.", "\"7\"");

    /// <summary>For answers that may be about a key without an entry.</summary>
    public static readonly ApiHeader ETagOfExisting = ETag with { Description = "The entry's revision, quoted; absent if the key has no entry.", IsOptional = true };

    /// <summary>Of reads that may be local.</summary>
    public static readonly ApiHeader StateAge = new(ResponseHeaders.StateAge, JsonSchemaType.Number, "With the engine `etcd` and `consistency=local`: how old the state may be, in seconds.", "0.25") { IsOptional = true };

    public static readonly ApiHeader StoreRevision = new(ResponseHeaders.Revision, JsonSchemaType.Integer, "The revision of the snapshot that was read, or of the write.", 7);

    /// <summary>Added to every answer that has <see cref="StoreRevision"/>. Nearly every other one has it too.</summary>
    public static readonly ApiHeader StoreId = new(StoreIdHeader.Name, JsonSchemaType.String,
        "The store that the revision belongs to. A request with this header is answered 410 by any other store.", "5f0c2a9e4b7d1836");

    /// <summary>For answers that may come before the store was asked.</summary>
    public static readonly ApiHeader StoreRevisionIfAsked =
        StoreRevision with { Description = "The revision of the state that was met; absent if the request was rejected before.", IsOptional = true };

    public static readonly ApiHeader Expires = new(ResponseHeaders.Expires, JsonSchemaType.String,
        "When the entry will be deleted (an HTTP date); absent if it does not expire.", "Sat, 31 Jan 2026 12:00:00 GMT")
    { IsOptional = true };

    public static readonly ApiHeader LastModified = new("Last-Modified", JsonSchemaType.String, "The second in which the entry was last written (an HTTP date).", "Sat, 31 Jan 2026 12:00:00 GMT");

    public static readonly ApiHeader RetryAfter = new("Retry-After", JsonSchemaType.Integer, "Seconds after which a retry may succeed.", 1);

    public static readonly ApiResponse Loading = new(503, "The store is loading, is stopping or has failed, or the service has too much to do.") { SharedAs = "Loading", Headers = [RetryAfter], Problem = Problems.WriteWhileLoading() };

    public static readonly ApiHeader RateLimit = new("RateLimit", JsonSchemaType.String, "What is left of each rate, and the seconds until there is more; absent without such limits.", "\"requests\";r=0;t=1") { IsOptional = true };

    public static readonly ApiHeader RateLimitPolicy = new("RateLimit-Policy", JsonSchemaType.String, "The rates: a quota in a window of seconds; absent without such limits.", "\"requests\";q=100;w=1") { IsOptional = true };

    public static readonly ApiResponse TooManyWatchers =
        new(429, "Too many clients watch, or wait for a change.") { SharedAs = "TooManyWatchers", Headers = [RetryAfter, RateLimit, RateLimitPolicy], Problem = Problems.TooManyWatchers(10_000) };

    public static readonly ApiResponse SlowBody = new(408, "The body arrived too slowly; nothing was changed.") { SharedAs = "SlowBody", Problem = Problems.BodyTooSlow() };

    /// <summary>What any request may get, because the web server answers so before it knows the resource, because most operations reject what they do not know, or because it names another store.</summary>
    public static readonly IReadOnlyList<ApiResponse> AnyRejections =
    [
        new(400, "The request is malformed.") { SharedAs = "Malformed", Problem = Problems.MalformedRequest("The parameter is not known; these are: prefix, after.", "prefx") },
        new(403, "The key lacks a right that the request needs, or the request is of a page of another site.") { SharedAs = "Forbidden", Problem = Problems.LacksRight("write") },
        new(408, "The request arrived too slowly; nothing was changed.") { SharedAs = "SlowRequest", Problem = Problems.BodyTooSlow() },
        new(410, "The request names another store in `KvStore-Store-Id`; nothing was changed.") { SharedAs = "OtherStore", Problem = Problems.OtherStore(new StoreId(0x5f0c2a9e4b7d1836), StoreIdHeader.Name) },
        new(417, "`Expect` asks for something else than 100-continue.") { SharedAs = "ExpectationFailed", Problem = Problems.ExpectationFailed("Expect") },
        new(414, "The request line is too long.") { SharedAs = "TargetTooLong", Problem = Problems.OfStatus(414, "The request line is too long.") },
        new(421, "The `Host` is not one of this service.") { SharedAs = "Misdirected", Problem = Problems.MisdirectedRequest("attacker.example") },
        new(431, "The headers are too large, or too many.") { SharedAs = "HeadersTooLarge", Problem = Problems.OfStatus(431, "The request has too many headers.") },
        new(503, "The store is loading, so it is not known whether it is the one that `KvStore-Store-Id` names.")
        { SharedAs = "StoreIsLoading", Headers = [RetryAfter], Problem = Problems.Loading() },
    ];

    private static readonly ApiHeader Challenge = new("WWW-Authenticate", JsonSchemaType.String, "How to send a key; with `error` if one was sent.", "Bearer realm=\"kvstore\"");

    /// <summary>What any request that needs a right may get.</summary>
    public static readonly IReadOnlyList<ApiResponse> AccessRejections =
    [
        new(401, "The service has keys, and the request has none, or one that is not accepted.") { SharedAs = "Unauthorized", Headers = [Challenge], Problem = Problems.Unauthorized("Send a key, as Authorization: Bearer kv_... or X-Api-Key: kv_....") },
        new(429, "The client has used up what it may.") { SharedAs = "RateLimited", Headers = [RetryAfter, RateLimit, RateLimitPolicy], Problem = Problems.RateLimited("This client may make 100 requests per second.", TimeSpan.FromSeconds(1)) },
    ];

    public static readonly ApiResponse TooLarge = new(413, "The body is larger than the limit; nothing was changed.") { SharedAs = "TooLarge", Problem = Problems.TooLarge(1 << 20) };

    private static readonly ApiHeader AcceptEncoding = new("Accept-Encoding", JsonSchemaType.String, "`identity` if the body has a `Content-Encoding`; else absent.", "identity") { IsOptional = true };

    public static readonly ApiResponse UnsupportedBody = new(415, "The body is encoded, or a form with boundaries; nothing was changed.")
    { SharedAs = "UnsupportedBody", Headers = [AcceptEncoding], Problem = Problems.UnsupportedMediaType("The service does not decode bodies.", "Content-Encoding") };

    public static readonly ApiResponse NotJson =
        new(415, "The body is not JSON by its media type, or is encoded.") { SharedAs = "NotJson", Headers = [AcceptEncoding], Problem = Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.") };

    public static readonly ApiResponse MalformedKey =
        new(400, "The key or another part of the request is malformed.") { SharedAs = "MalformedKey", Problem = Problems.MalformedKey("The key has 1025 bytes; at most 1024 are accepted.", "key") };

    public static readonly ApiResponse NotFound =
        new(404, "The key has no entry.") { SharedAs = "NotFound", Headers = [StoreRevision], Problem = Problems.NotFound("The key has no entry at revision 7.") };

    public static readonly ApiResponse NotModified =
        new(304, "The client's copy is current.") { SharedAs = "NotModified", Headers = [ETagOfExisting, StoreRevision, Expires] };

    public static readonly ApiResponse Gone = new(410, "The revision is no longer available, or the request belongs to another store.") { SharedAs = "Gone", Problem = Problems.Gone(5) };

    public static readonly ApiResponse PreconditionFailed = new(412, "A condition failed; nothing was changed.")
    { SharedAs = "PreconditionFailed", Headers = [ETagOfExisting, StoreRevision], Problem = Problems.PreconditionFailed("The key has an entry with ETag \"7\". Nothing was changed. Read the entry and decide again.") };
}
