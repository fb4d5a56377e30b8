namespace KvStore.Server;

/// <summary>Every problem of the service, by the stable name under which docs/http-api.md explains it.</summary>
internal static class Problems
{
    public static Problem MalformedRequest(string detail, string? field = null) =>
        new(StatusCodes.Status400BadRequest, "malformed-request", "The request is malformed", detail) { Field = field };

    public static Problem MalformedKey(string detail, string field) =>
        new(StatusCodes.Status400BadRequest, "malformed-key", "The key is not acceptable", detail) { Field = field };

    public static Problem Unauthorized(string detail) =>
        new(StatusCodes.Status401Unauthorized, "unauthorized", "The request needs a key", detail);

    /// <summary>The client's key was valid when the request began.</summary>
    public static Problem Revoked() => Unauthorized("The key was removed or changed, or has expired, while the request was under way. Send the request again with a valid key.") with
    {
        Challenge = "Bearer realm=\"kvstore\", error=\"invalid_token\"",
    };

    public static Problem Forbidden(string detail) =>
        new(StatusCodes.Status403Forbidden, "forbidden", "The key does not allow this", detail);

    public static Problem LacksRight(string rights) => Forbidden($"This key lacks a right that the request needs: {rights}. Use a key that has it.");

    public static Problem NotFound(string detail) =>
        new(StatusCodes.Status404NotFound, "not-found", "There is no such entry", detail);

    public static Problem NoSuchResource(string path) =>
        new(StatusCodes.Status404NotFound, "no-such-resource", "There is no such resource", $"Nothing is served at {path}. Open /swagger for what is.");

    public static Problem MethodNotAllowed(string method, string? allowed) =>
        new(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", "The method is not allowed here", $"The method {method} is not served at this path; these are: {allowed}.");

    public static Problem BodyTooSlow() =>
        new(StatusCodes.Status408RequestTimeout, "body-too-slow", "The request came too slowly", "Nothing was stored, except by an import, which may have stored earlier lines. Send the request again on a better connection.");

    public static Problem NotANumber() =>
        new(StatusCodes.Status409Conflict, "not-a-number", "The stored value is not a number",
            "A counter needs a whole number of 64 bits in decimal text, such as 42 or -7. Nothing was changed. Store a number with PUT, or count under another key.");

    public static Problem Overflow() =>
        new(StatusCodes.Status409Conflict, "overflow", "The number would leave its range",
            $"The sum does not fit into 64 bits: {long.MinValue} to {long.MaxValue}. Nothing was changed. Add less, or store another number with PUT.");

    public static Problem NotJson() =>
        new(StatusCodes.Status409Conflict, "not-json", "The stored value is not JSON",
            "Only JSON of at most 64 levels can be patched. Nothing was changed. Replace the value with PUT.");

    public static Problem TooManyEntries() =>
        new(StatusCodes.Status409Conflict, "too-many-entries", "The prefix has too many entries",
            "More entries have this prefix than one request may delete. Nothing was deleted. Delete by longer prefixes, or raise KvStore:DeletedEntriesMax.");

    public static Problem Gone(long oldestRevision) =>
        new(StatusCodes.Status410Gone, "revision-gone", "The revision is no longer available",
            "The revision has left the history. Read at a newer revision, or without one for the latest state.")
        { OldestRevision = oldestRevision };

    public static Problem Lost(long revision, long oldestRevision) => Gone(oldestRevision) with
    {
        Detail = $"Revision {revision} is lost: the service ended before it was safe on the disk, or a backup from before it was restored. Start again without it, from the latest state.",
    };

    public static Problem Ahead(long revision, long latest, long oldestRevision) => Gone(oldestRevision) with
    {
        Detail = $"The store has not reached revision {revision}; the latest is {latest}. Either it has lost data since, or that is a revision of another store. Start again without it, from the latest state.",
    };

    public static Problem OtherStore(StoreId id, string field) =>
        new(StatusCodes.Status410Gone, "other-store", "The request belongs to another store",
            $"This is store {id}. The store has started over, or the address leads to another one. Nothing was changed. Discard the revisions, ETags and cursors of the other store, and list again.")
        { Field = field };

    public static Problem PreconditionFailed(string detail) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition-failed", "A precondition failed", detail);

    public static Problem TooLarge(long bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The request body is too large",
            $"At most {bytesMax} bytes are accepted. Nothing was stored. Split the value, or raise the service's limit.");

    public static Problem ResultTooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The value would become too large",
            "The result would exceed KvStore:ValueBytesMax. Nothing was changed. Split the value, or raise the limit.");

    public static Problem AnswerTooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The answer is too large for an idempotency record",
            "Nothing was changed. Omit Idempotency-Key, or read less in one transaction.");

    public static Problem TransactionTooLarge() =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The transaction is too large",
            "It would need more memory than KvStore:QueueBytesMax, or move more bytes than KvStore:MovedBytesMax. Nothing was changed. Send fewer operations at a time, or raise the limit.");

    public static Problem BatchTooLarge(long bytes, long bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, "too-large", "The answer would be too large",
            $"The entries have {bytes} bytes; at most {bytesMax} are answered at once. Ask for fewer keys at a time.");

    public static Problem GuardsFailed(IReadOnlyList<FailedMember> failed) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition-failed", "A precondition failed",
            "Nothing was changed. The member failed lists every guard that failed, with the current revision of its key, or null if it has no entry. Read again and decide again.")
        { Failed = failed };

    public static Problem ForeignOrigin(string detail, string field) =>
        new(StatusCodes.Status403Forbidden, "foreign-origin", "A page of another site may not do this", detail) { Field = field };

    public static Problem UnknownProxy(string field) =>
        new(StatusCodes.Status403Forbidden, "unknown-proxy", "The request came through an unknown proxy",
            "Requests need no key here, and no proxy is expected. Have the operator name the proxy in KvStore:TrustedProxies, or use keys.")
        { Field = field };

    public static Problem MisdirectedRequest(string host) =>
        new(StatusCodes.Status421MisdirectedRequest, "misdirected-request", "The request is for another host",
            $"The host {(host.Length <= 100 ? host : host[..100])} is not one of this service. Use an address that it listens on, or have the operator add the host to KvStore:AllowedHosts.")
        { Field = "Host" };

    public static Problem UnsupportedMediaType(string detail, string field = "Content-Type") =>
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body's media type is not supported", detail) { Field = field };

    public static Problem ExpectationFailed(string field) =>
        new(StatusCodes.Status417ExpectationFailed, "expectation-failed", "The expectation cannot be met", "The only expectation that is understood is 100-continue. Omit the header.") { Field = field };

    public static Problem IdempotencyKeyReused(string field) =>
        new(StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused", "The Idempotency-Key belongs to another request",
            "A different request was carried out with this key. Nothing was changed. Use a new key for each write, and the same key only to repeat the identical request.")
        { Field = field };

    public static Problem QueueFull(TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "queue-full", "Too many writes are waiting",
            "Nothing was stored. Try again after the time in Retry-After.")
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem RateLimited(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate-limited", "The client has used up what it may", $"{detail} Nothing was changed. Try again after the time in Retry-After.")
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem TooManyWatchers(int watchersMax) =>
        new(StatusCodes.Status429TooManyRequests, "too-many-watchers", "There are too many watchers",
            $"There are {watchersMax} watchers, which is the limit. Try again after the time in Retry-After or on another replica, or raise KvStore:WatchersMax.")
        { RetryAfter = RetryTimes.TooManyWatchers };

    public static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "unavailable", "The service cannot do this now", detail)
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem Loading(long loadedBytes = 0, long loadBytes = 0) =>
        StillLoading(loadBytes > 0 ? $": {loadedBytes} of {loadBytes} bytes are read." : ".");

    public static Problem WriteWhileLoading() => StillLoading(". Nothing was stored.");

    public static Problem RevisionNotReached(string field, long minRevision, long latest) =>
        new(StatusCodes.Status503ServiceUnavailable, "revision-not-reached", "This replica has not reached the revision",
            $"The latest revision here is {latest}; the request asks for {minRevision}. Try again after the time in Retry-After, or on the replica that answered with that revision.")
        { Field = field, RetryAfter = RetryTimes.RevisionNotReached };

    /// <param name="result">What became of the request, as a sentence.</param>
    /// <param name="since">Since when the place that keeps the commits has not answered, if that is known.</param>
    public static Problem Unreachable(string result, DateTimeOffset? since) =>
        new(StatusCodes.Status503ServiceUnavailable, "unreachable", "This replica cannot reach etcd",
            $"{(since is { } at ? $"There has been no answer from etcd since {at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}." : "There was no answer from etcd in time.")} {result} Try again after the time in Retry-After, or on another replica.")
        { RetryAfter = RetryTimes.Unreachable };

    public static Problem UnknownOutcome() =>
        new(StatusCodes.Status504GatewayTimeout, "unknown-outcome", "It is unknown whether the write was applied",
            "If the request had an Idempotency-Key, send it again with the same one. Otherwise read the key before you write again.")
        { Outcome = "unknown" };

    public static Problem NoSpace() =>
        new(StatusCodes.Status507InsufficientStorage, "no-space", "The storage is full",
            "The disk, or etcd's database if the entries are there, has no space. Nothing was stored; reads and deletions continue. Try again when the operator has freed space.")
        { Outcome = "not-applied" };

    public static Problem MemoryFull() =>
        new(StatusCodes.Status507InsufficientStorage, "memory-full", "The memory for entries is full",
            "Nothing was stored; reads continue. Deleting entries and storing smaller values still works. Delete some, or have the operator raise KvStore:MemoryBytesMax.")
        { Outcome = "not-applied" };

    /// <param name="what">What there is too much of, in the plural.</param>
    /// <param name="retryAfter">When some of it will be gone.</param>
    public static Problem Overloaded(string what, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "overloaded", "The service has too much to do",
            $"The service has as many {what} as its limits allow. Nothing was changed. Try again after the time in Retry-After, with less at a time.")
        { Outcome = "not-applied", RetryAfter = retryAfter };

    public static Problem EngineWithoutFiles() =>
        new(StatusCodes.Status409Conflict, "engine-without-files", "The engine keeps no files",
            "Only the engine disk has checkpoints as files. Export works with every engine; with the engine etcd, back up etcd.");

    public static Problem NoSuchReplica(string id) =>
        new(StatusCodes.Status404NotFound, "no-such-replica", "There is no such replica", $"No replica has the id {id}. GET /v1/cluster lists them.");

    public static Problem ReplicaIsAlive(string name) =>
        new(StatusCodes.Status409Conflict, "replica-alive", "The replica is alive", $"The replica {name} is alive, so it is not forgotten. Stop it; it leaves the list by itself.");

    public static Problem ClusterUnknown() =>
        Unavailable("The replicas are not known, because etcd cannot be asked. Try again after the time in Retry-After.", RetryTimes.Restart) with { Outcome = null };

    private static Problem StillLoading(string rest) =>
        Unavailable($"The store is still loading{rest} Try again after the time in Retry-After.", RetryTimes.Loading);

    /// <summary>The problem for a status that the router or the web server chose.</summary>
    public static Problem OfStatus(int status, string detail) => status switch
    {
        StatusCodes.Status408RequestTimeout => BodyTooSlow(),
        StatusCodes.Status414UriTooLong => new(status, "target-too-long", "The request target is too long", detail),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(status, "headers-too-large", "The request headers are too large", detail),
        StatusCodes.Status417ExpectationFailed => ExpectationFailed("Expect"),
        StatusCodes.Status412PreconditionFailed => PreconditionFailed(detail),
        StatusCodes.Status413PayloadTooLarge => new(status, "too-large", "The request body is too large", detail),
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType(detail),
        >= 500 => new(status, "internal-error", "The service failed", detail),
        _ => new(status, "malformed-request", "The request is malformed", detail),
    };
}
