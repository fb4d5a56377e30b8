using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>Parameters, headers and answers that several operations share.</summary>
internal static class ApiParts
{
    public const string EntriesTag = "Entries";
    public const string WatchTag = "Watch";
    public const string CompatibilityTag = "Compatibility";
    public const string OperatingTag = "Operating";

    public static readonly ApiParameter Key = new("key", ParameterLocation.Path, JsonSchemaType.String,
        "The key: 1 to 1024 bytes of UTF-8 after percent-decoding once. `/` is an ordinary character, and `%2F` means the same.")
    { Example = "user/42/name" };

    public static readonly ApiParameter Revision = new(Reads.RevisionParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Read the state at this revision instead of the latest one.")
    { Minimum = "0" };

    public static readonly ApiParameter Consistency = new(Reads.ConsistencyParameter, ParameterLocation.Query, JsonSchemaType.String,
        "`linearizable`: the state has every write that anybody had an answer for. `local`: the state that this replica has at hand, at once.")
    { Default = Reads.Linearizable, Choices = [Reads.Linearizable, Reads.Local] };

    public static readonly ApiParameter MinRevision = new(Reads.MinRevisionParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Wait until this replica has come to this revision, a few seconds at most. Give the `KvStore-Revision` of your write to read it through any replica.")
    { Minimum = "0" };

    /// <summary>Which state a read is of.</summary>
    public static readonly IReadOnlyList<ApiParameter> ReadState = [Revision, Consistency, MinRevision];

    public static readonly ApiParameter IfMatch = new("If-Match", ParameterLocation.Header, JsonSchemaType.String,
        "Only if the entry has one of these ETags; `*`: only if there is an entry.")
    { Example = "\"7\"" };

    public static readonly ApiParameter IfNoneMatch = new("If-None-Match", ParameterLocation.Header, JsonSchemaType.String,
        "Only if the entry has none of these ETags; `*`: only if there is no entry.")
    { Example = "*" };

    /// <summary>The conditions of a write. Without examples, which Swagger UI would fill in.</summary>
    public static readonly IReadOnlyList<ApiParameter> WriteConditions = [IfMatch with { Example = null }, IfNoneMatch with { Example = null }];

    public static readonly ApiParameter Ttl = new(TimeToLive.Parameter, ParameterLocation.Query, JsonSchemaType.String,
        "Delete the entry after this many seconds, 1 to 315360000 (ten years); `none`: keep it.");

    public static readonly ApiParameter IdempotencyKey = new(IdempotencyHeader.KeyHeader, ParameterLocation.Header, JsonSchemaType.String,
        "1 to 128 printable characters, a new one for each write. The same request with the same key is not carried out again: it is answered as the first time.");

    /// <summary>The headers of a write of one entry.</summary>
    public static readonly IReadOnlyList<ApiParameter> WriteHeaders = [.. WriteConditions, IdempotencyKey];

    /// <summary>The conditions of a read.</summary>
    public static readonly IReadOnlyList<ApiParameter> ReadConditions =
    [
        IfMatch with { Example = null },
        IfNoneMatch with { Description = "ETags of copies that the client has: 304 if the entry still has one of them.", Example = null },
    ];

    /// <summary>What a read of one entry takes.</summary>
    public static readonly IReadOnlyList<ApiParameter> ReadParameters =
    [
        .. ReadState,
        new(LongPoll.WaitParameter, ParameterLocation.Query, JsonSchemaType.Integer,
            "Wait up to so many seconds until the entry has changed after the revision in `after`; 304 when it has not.") { Minimum = "0", Maximum = "60" },
        new(LongPoll.AfterParameter, ParameterLocation.Query, JsonSchemaType.Integer, "Which changes `wait` waits for: those after this revision. Without it, those from now on.") { Minimum = "0" },
        .. ReadConditions,
    ];

    public static readonly ApiHeader ETag = new("ETag", JsonSchemaType.String, "The entry's revision, quoted.", "\"7\"");

    /// <summary>For answers that may be about a key without an entry.</summary>
    public static readonly ApiHeader ETagOfPresent = ETag with { Description = "The entry's revision, quoted; absent if the key has no entry.", IsOptional = true };

    public static readonly ApiHeader StoreRevision = new(EntryResponses.RevisionHeader, JsonSchemaType.Integer,
        "The revision of the snapshot that was read, or of the write.", 7);

    public static readonly ApiHeader Replayed = new(IdempotencyHeader.ReplayedHeader, JsonSchemaType.Boolean,
        "`true` when this is the remembered answer to an earlier request with the same Idempotency-Key; else absent.", true)
    { IsOptional = true };

    /// <summary>For answers that may come before the store was asked.</summary>
    public static readonly ApiHeader StoreRevisionIfAsked = StoreRevision with
    {
        Description = "The revision of the state that was met; absent if the request was refused before.",
        IsOptional = true,
    };

    public static readonly ApiHeader Expires = new(EntryResponses.ExpiresHeader, JsonSchemaType.String,
        "When the entry will be deleted (an HTTP date); absent if it stays.", "Sat, 31 Jan 2026 12:00:00 GMT")
    { IsOptional = true };

    public static readonly ApiHeader RetryAfter = new("Retry-After", JsonSchemaType.Integer, "Seconds after which trying again may help.", 1);

    public static readonly ApiResponse Loading = new(503, "The store is loading, stopping or has failed.")
    {
        Headers = [RetryAfter],
        Problem = Problems.Unavailable("The store is still loading. Try again after the time in Retry-After.", RetryTimes.Loading),
    };

    /// <summary>The answer that every read may have because of the state of the service.</summary>
    public static readonly ApiResponse ReadRefused = new(503, "The store is loading, or has not come to `min_revision` in time.")
    {
        Headers = [RetryAfter],
        Problem = Problems.RevisionNotReached(9, 7),
    };

    /// <summary>The answers that every write may have, whatever it is.</summary>
    public static readonly IReadOnlyList<ApiResponse> WriteRefusals =
    [
        new(422, "The Idempotency-Key belongs to another request; nothing was changed.") { Headers = [StoreRevision], Problem = Problems.IdempotencyKeyReused() },
        new(429, "Too many writes are waiting; nothing was changed.") { Headers = [RetryAfter], Problem = Problems.QueueFull(RetryTimes.QueueFull) },
        Loading,
        new(504, "It is not known whether the write was applied.") { Problem = Problems.UnknownOutcome() },
        new(507, "The disk has no room; nothing was changed.") { Problem = Problems.NoSpace() },
    ];

    public static readonly ApiResponse TooManyWatchers =
        new(429, "As many clients watch, or wait for a change, as may.") { Headers = [RetryAfter], Problem = Problems.TooManyWatchers(10_000, RetryTimes.Restart) };

    public static readonly ApiResponse SlowBody = new(408, "The body came too slowly; nothing was changed.") { Problem = Problems.BodyTooSlow() };

    /// <summary>What the web server answers before it is known what is asked for, so that any request may get it.</summary>
    public static readonly IReadOnlyList<ApiResponse> AnyRefusals =
    [
        new(400, "The request is malformed.") { Problem = Problems.MalformedRequest("Invalid Host header.") },
        new(408, "The request came too slowly; nothing was changed.") { Problem = Problems.BodyTooSlow() },
        new(414, "The request line is too long.") { Problem = Problems.OfStatus(414, "The request line is too long.") },
        new(431, "The headers are too large, or too many.") { Problem = Problems.OfStatus(431, "The request has too many headers.") },
    ];

    public static readonly ApiResponse TooLarge = new(413, "The body is larger than the limit; nothing was changed.") { Problem = Problems.TooLarge(1 << 20) };

    public static readonly ApiResponse NotJson = new(415, "The body is not JSON by its media type.")
    {
        Problem = Problems.UnsupportedMediaType("Send JSON, with the header Content-Type: application/json."),
    };

    public static ApiResponse Malformed(string field) =>
        new(400, "The request is malformed.") { Problem = Problems.MalformedRequest("What is wrong with it, and how to write it.", field) };

    public static readonly ApiResponse MalformedKey =
        new(400, "The key or another part of the request is malformed.") { Problem = Problems.MalformedKey("The key has 1025 bytes; at most 1024 are accepted.", "key") };

    public static readonly ApiResponse NotFound =
        new(404, "The key has no entry.") { Headers = [StoreRevision], Problem = Problems.NotFound("The key has no entry at revision 7.") };

    public static readonly ApiResponse NotModified =
        new(304, "The client's copy is the current one.") { Headers = [ETagOfPresent, StoreRevision, Expires] };

    public static readonly ApiResponse Gone = new(410, "The revision is no longer available.") { Problem = Problems.Gone(5) };

    public static readonly ApiResponse PreconditionFailed =
        new(412, "A condition does not hold; nothing was changed.")
        {
            Headers = [ETagOfPresent, StoreRevision],
            Problem = Problems.PreconditionFailed("The key has an entry with ETag \"7\". Nothing was changed. Read the entry and decide again."),
        };
}
