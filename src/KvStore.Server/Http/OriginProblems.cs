using KvStore.Origins;

namespace KvStore.Server;

/// <summary>The problems of keys that come from an origin. docs/http-api.md explains them with the others.</summary>
internal static class OriginProblems
{
    // What fails by chance is asked for again soon, and not by all at once.
    private static readonly TimeSpan RetryDefault = TimeSpan.FromSeconds(1);

    // An origin that is away comes back within moments, or else after long.
    private static readonly TimeSpan OutboxRetry = TimeSpan.FromSeconds(5);

    public static Problem NoOutbox(string name) =>
        new(StatusCodes.Status404NotFound, "no-outbox", "The origin has no outbox", $"Writes of the origin {name} are not delivered later: its Writes is not behind.");

    public static Problem NoSuchOrigin(string name) =>
        new(StatusCodes.Status404NotFound, "no-such-origin", "There is no such origin", $"No origin has the name {(name.Length <= 100 ? name : name[..100])}. GET /v1/origins lists them.");

    public static Problem RefusesWrites() =>
        new(StatusCodes.Status409Conflict, "origin-refuses-writes", "The entries come from an origin",
            "Entries below this prefix are loaded from an origin, and clients do not write them. Nothing was changed. Write to the origin and invalidate the key, or have the operator set Writes of the origin to local.");

    public static Problem DecidesExpiry() =>
        Problems.MalformedRequest("The entries below this prefix come from an origin, which says how long they are fresh. Omit the expiry.", TimeToLive);

    public static Problem NeedsKeys() =>
        new(StatusCodes.Status409Conflict, "origin-needs-keys", "The origin gets each key by itself",
            "Entries below this prefix are written to an origin key by key, and this request does not name them: it appends, or covers a prefix. Nothing was changed. List the keys, and write or delete each.");

    public static Problem OutboxFull() =>
        new(StatusCodes.Status429TooManyRequests, "outbox-full", "The origin has yet to get too many writes",
            "So many writes below this prefix have yet to reach their origin, or one has waited for so long, that no more are accepted. Nothing was changed. Try again after the time in Retry-After.")
        { RetryAfter = OutboxRetry };

    public static Problem TakesSingleWrites() =>
        new(StatusCodes.Status409Conflict, "origin-takes-single-writes", "The origin gets one key at a time",
            "Writes below this prefix go through to an origin, which gets one key with each request. Nothing was changed. Use PUT, PATCH, DELETE or a counter of a single key.");

    public static Problem WriteRefused(string detail) =>
        new(StatusCodes.Status502BadGateway, "origin-refused-write", "The origin refuses the write", $"{detail} Nothing was changed.") { Outcome = "not-applied" };

    public static Problem WriteUnknown(string detail) =>
        new(StatusCodes.Status504GatewayTimeout, "origin-write-unknown", "It is unknown whether the origin has the write",
            $"{detail} The origin may have the write or not, so reads ask it for a while. Read the key by GET before you send the write again.")
        { Outcome = "unknown" };

    public static Problem WriteNotCalled(string detail, TimeSpan? retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "origin-unavailable", "The entry cannot be written now", $"{detail} Nothing was changed. Try again after the time in Retry-After.")
        {
            RetryAfter = retryAfter > RetryDefault ? retryAfter : RetryDefault,
            Outcome = "not-applied",
        };

    public static Problem WriteBusy(TimeSpan retryAfter) => WriteNotCalled("Other writes of the key are in progress, or it is unknown what became of one.", retryAfter);

    public static Problem LoadTokenOutdated() =>
        new(StatusCodes.Status412PreconditionFailed, "load-token-outdated", "The key has changed since the token was handed out",
            "The key was written, deleted or invalidated, or the token is too old, or not of this key. Nothing was changed. Read the key again.")
        { Field = LoadToken };

    public static Problem NotCached() =>
        new(StatusCodes.Status504GatewayTimeout, "not-cached", "The entry would have to be loaded", "The request has Cache-Control: only-if-cached, and nothing that it accepts is stored. Omit that to have it loaded.");

    public static Problem NotStored() =>
        new(StatusCodes.Status502BadGateway, "origin-failed", "The origin has no usable answer", "The origin forbids storing its answer, or there is no room for it. Read the key by GET.");

    /// <summary>The problem of a request for a key that could not be loaded.</summary>
    public static Problem NotLoaded(LoadResult.Failed failure) => failure.Kind switch
    {
        LoadFailure.Timeout => new(StatusCodes.Status504GatewayTimeout, "origin-timeout", "The origin did not answer in time", Detail(failure)) { RetryAfter = RetryOf(failure) },
        LoadFailure.BreakerOpen or LoadFailure.Throttled => Unavailable(Detail(failure), RetryOf(failure)),
        LoadFailure.QueueFull =>
            new(StatusCodes.Status429TooManyRequests, "too-many-loads", "Too many requests wait for the origin", Detail(failure)) { RetryAfter = RetryOf(failure) },
        _ => new(StatusCodes.Status502BadGateway, "origin-failed", "The origin has no usable answer", Detail(failure)) { RetryAfter = RetryOf(failure) },
    };

    /// <summary>The problem of a request for a key whose loads were all overtaken.</summary>
    public static Problem Raced() =>
        Unavailable("The key was written or invalidated again and again while it was loaded. Try again after the time in Retry-After.", RetryDefault);

    /// <summary>The header by which a client that loads a key says what it has seen.</summary>
    public const string LoadToken = "KvStore-Load-Token";

    private const string TimeToLive = "ttl";

    private static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "origin-unavailable", "The entry cannot be loaded now", detail) { RetryAfter = retryAfter };

    private static string Detail(LoadResult.Failed failure) => $"{failure.Detail} Try again after the time in Retry-After.";

    private static TimeSpan RetryOf(LoadResult.Failed failure) => failure.RetryAfter is { } after && after > RetryDefault ? after : RetryDefault;
}
