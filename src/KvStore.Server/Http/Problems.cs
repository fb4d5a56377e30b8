namespace KvStore.Server;

/// <summary>Every problem that the service answers with, by the stable name that docs/http-api.md explains it under.</summary>
internal static class Problems
{
    public static Problem MalformedRequest(string detail, string? field = null) =>
        new(StatusCodes.Status400BadRequest, "malformed-request", "The request is malformed", detail) { Field = field };

    public static Problem MalformedKey(string detail, string field) =>
        new(StatusCodes.Status400BadRequest, "malformed-key", "The key is not acceptable", detail) { Field = field };

    public static Problem NotFound(string detail) =>
        new(StatusCodes.Status404NotFound, "not-found", "There is no such entry", detail);

    public static Problem NoSuchResource(string path) =>
        new(StatusCodes.Status404NotFound, "no-such-resource", "There is no such resource", $"Nothing is served at {path}. Open /swagger for what is.");

    public static Problem MethodNotAllowed(string method, string? allowed) =>
        new(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "The method is not allowed here", $"{method} is not served at this path; these are: {allowed}.");

    public static Problem BodyTooSlow() =>
        new(StatusCodes.Status408RequestTimeout, "body-too-slow", "The request came too slowly", "Nothing was stored, unless it is an import: then entries of the lines before may be. Send the request again on a better connection.");

    public static Problem NotANumber() =>
        new(StatusCodes.Status409Conflict, "not-a-number", "The stored value is not a number",
            "Only to a whole number of 64 bits in decimal text, such as 42 or -7, can something be added. Nothing was changed. Store a number with PUT, or count under another key.");

    public static Problem Overflow() =>
        new(StatusCodes.Status409Conflict, "overflow", "The number would leave its range",
            $"The sum does not fit into 64 bits: {long.MinValue} to {long.MaxValue}. Nothing was changed. Add less, or store another number with PUT.");

    public static Problem NotJson() =>
        new(StatusCodes.Status409Conflict, "not-json", "The stored value is not JSON",
            "Only JSON of at most 64 levels can be patched. Nothing was changed. Replace the value with PUT.");

    public static Problem TooManyEntries() =>
        new(StatusCodes.Status409Conflict, "too-many-entries", "The prefix has too many entries",
            "More entries start with it than the service deletes at once. Nothing was deleted. Delete by longer prefixes, or raise KvStore:DeletedEntriesMax.");

    public static Problem Gone(long oldestRevision) =>
        new(StatusCodes.Status410Gone, "revision-gone", "The revision is no longer available",
            $"The oldest revision that can be read now is {oldestRevision}. Read at a newer revision, or without one for the latest state.")
        { OldestRevision = oldestRevision };

    public static Problem PreconditionFailed(string detail) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition-failed", "A precondition does not hold", detail);

    public static Problem TooLarge(long bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The request body is too large",
            $"At most {bytesMax} bytes are accepted. Nothing was stored. Split the value, or raise the service's limit.");

    public static Problem ResultTooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The value would become too large",
            "With this change the value would have more bytes than the service stores. Nothing was changed. Split the value, or raise KvStore:ValueBytesMax.");

    public static Problem AnswerTooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The answer is too large to be remembered",
            "Nothing was changed. Leave Idempotency-Key away, or ask for less in one request.");

    public static Problem BatchTooLarge(long bytes, long bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The answer would be too large",
            $"The entries have {bytes} bytes; at most {bytesMax} are answered at once. Ask for fewer keys at a time.");

    public static Problem GuardsFailed(IReadOnlyList<FailedMember> failed) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition-failed", "A precondition does not hold",
            "Nothing was changed. failed has every guard that does not hold, with the key's current revision, or null where there is no entry. Read again and decide again.")
        { Failed = failed };

    public static Problem UnsupportedMediaType(string detail) =>
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body's media type is not supported", detail) { Field = "Content-Type" };

    public static Problem IdempotencyKeyReused() =>
        new(StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused", "The Idempotency-Key belongs to another request",
            "A different request was carried out with this key. Nothing was changed. Use a new key for each write, and the same key only to send the very same request again.")
        { Field = IdempotencyHeader.KeyHeader };

    public static Problem QueueFull(TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "queue-full", "Too many writes are waiting",
            "Nothing was stored. Try again after the time in Retry-After.")
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem TooManyWatchers(int watchersMax, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "too-many-watchers", "There are too many watchers",
            $"{watchersMax} watch already. Try again after the time in Retry-After, on another replica, or have the limit raised.")
        { RetryAfter = retryAfter };

    public static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The service cannot do this now", detail)
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem Loading(long loadedBytes = 0, long loadBytes = 0) => Unavailable(
        loadBytes > 0
            ? $"The store is still loading: {loadedBytes} of {loadBytes} bytes are read. Try again after the time in Retry-After."
            : "The store is still loading. Try again after the time in Retry-After.",
        RetryTimes.Loading);

    public static Problem RevisionNotReached(long minRevision, long latest) =>
        new(StatusCodes.Status503ServiceUnavailable, "revision-not-reached", "The revision has not been reached here",
            $"The latest revision here is {latest}; {minRevision} was asked for. Try again after the time in Retry-After, or ask the replica that answered with that revision.")
        { Field = Reads.MinRevisionParameter, RetryAfter = RetryTimes.RevisionNotReached };

    public static Problem UnknownOutcome() =>
        new(StatusCodes.Status504GatewayTimeout, "unknown-outcome", "It is not known whether the write was applied",
            "If the request had an Idempotency-Key, send it again with the same one. Else read the key to learn what became of it before you write again.")
        { Outcome = "unknown" };

    public static Problem NoSpace() =>
        new(StatusCodes.Status507InsufficientStorage, "no-space", "The disk has no room",
            "Nothing was stored; reads go on. Try again when the operator has made room.")
        { Outcome = "not-applied" };

    public static Problem EngineWithoutFiles() =>
        new(StatusCodes.Status409Conflict, "engine-without-files", "The engine keeps no files",
            "This service runs with the engine memory, so there is nothing to write a checkpoint of. Start it with --engine disk.");

    /// <summary>For a status that something below the endpoints chose: the router, the web server.</summary>
    public static Problem OfStatus(int status, string detail) => status switch
    {
        StatusCodes.Status408RequestTimeout => BodyTooSlow(),
        StatusCodes.Status414UriTooLong => new(status, "target-too-long", "The request target is too long", detail),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(status, "headers-too-large", "The request headers are too large", detail),
        StatusCodes.Status413PayloadTooLarge => new(status, "too-large", "The request body is too large", detail),
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType(detail),
        >= 500 => new(status, "internal-error", "The service failed", detail),
        _ => new(status, "malformed-request", "The request is malformed", detail),
    };
}
