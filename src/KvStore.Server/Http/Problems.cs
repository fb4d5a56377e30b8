namespace KvStore.Server.Http;

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
        new(StatusCodes.Status408RequestTimeout, "body-too-slow", "The request body came too slowly", "Nothing was stored. Send the request again on a better connection.");

    public static Problem Gone(long oldestRevision) =>
        new(StatusCodes.Status410Gone, "revision-gone", "The revision is no longer available",
            $"The oldest revision that can be read now is {oldestRevision}. Read at a newer revision, or without one for the latest state.")
        { OldestRevision = oldestRevision };

    public static Problem PreconditionFailed(string detail) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition-failed", "A precondition does not hold", detail);

    public static Problem TooLarge(long bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The request body is too large",
            $"At most {bytesMax} bytes are accepted. Nothing was stored. Split the value, or raise the service's limit.");

    public static Problem UnsupportedMediaType(string detail) =>
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body's media type is not supported", detail) { Field = "Content-Type" };

    public static Problem QueueFull(TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "queue-full", "Too many writes are waiting",
            "Nothing was stored. Try again after the time in Retry-After.")
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The service cannot do this now", detail)
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem RevisionNotReached(long minRevision, long latest) =>
        new(StatusCodes.Status503ServiceUnavailable, "revision-not-reached", "The revision has not been reached here",
            $"The latest revision here is {latest}; {minRevision} was asked for. Try again after the time in Retry-After, or ask the replica that answered with that revision.")
        { Field = Reads.MinRevisionParameter, RetryAfter = RetryTimes.RevisionNotReached };

    public static Problem UnknownOutcome() =>
        new(StatusCodes.Status504GatewayTimeout, "unknown-outcome", "It is not known whether the write was applied",
            "Read the key to learn what became of it before you write again.")
        { Outcome = "unknown" };

    public static Problem NoSpace() =>
        new(StatusCodes.Status507InsufficientStorage, "no-space", "The disk has no room",
            "Nothing was stored; reads go on. Try again when the operator has made room.")
        { Outcome = "not-applied" };

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
