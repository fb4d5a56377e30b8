using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI parts of every write.</summary>
internal static class WriteApi
{
    public static readonly ApiParameter Ttl = new(TimeToLive.Parameter, ParameterLocation.Query, JsonSchemaType.String,
        "Delete the entry after this many seconds, 1 to 315360000 (ten years), or a duration such as `90s` or `7d`; `none`: keep it.");

    /// <summary>For a write that changes the expiry only if it is asked to.</summary>
    public static readonly ApiParameter TtlOfExisting =
        Ttl with { Description = "Delete the entry after this many seconds, 1 to 315360000, or a duration such as `90s` or `7d`; `none`: keep it. Without it the expiry does not change." };

    public static readonly ApiParameter IdempotencyKey = new(IdempotencyHeader.KeyHeader, ParameterLocation.Header, JsonSchemaType.String,
        "1 to 128 printable characters, a new one for each write. The same request with the same key is not carried out again: it gets the first answer again.");

    public static readonly IReadOnlyList<ApiParameter> Headers = [ApiParts.IfMatch, ApiParts.IfNoneMatch, ApiParts.IfUnmodifiedSince, IdempotencyKey];

    public static readonly ApiHeader Replayed = new(IdempotencyHeader.ReplayedHeader, JsonSchemaType.Boolean,
        "`true` if this repeats the answer to an earlier request with the same Idempotency-Key; else absent.", true)
    { IsOptional = true };

    /// <summary>The answer to a write of a key that clients do not write; an operation with another 409 may get it too.</summary>
    public static readonly ApiResponse RefusedByOrigin = new(409, "The key is below the prefix of an origin that its entries come from; nothing was changed.")
    { SharedAs = "OriginRefusesWrites", Headers = [ApiParts.StoreRevision], Problem = OriginProblems.RefusesWrites() };

    /// <summary>The answer to an ordinary write of a key that clients do not write so.</summary>
    public static readonly ApiResponse NotReplaced = new(409, "The key has a mergeable value, or is below the prefix of an origin that its entries come from; nothing was changed.")
    { SharedAs = "NotReplaced", Headers = [ApiParts.ETagOfExisting, ApiParts.StoreRevision], Problem = MergeableProblems.IsMergeable() };

    /// <summary>The answers that a write of one key may get: the key may be that of an origin that is asked before, or that gets the write.</summary>
    public static IReadOnlyList<ApiResponse> RejectionsOfKey =>
    [
        .. Rejections.Where(response => response.Status != StatusCodes.Status504GatewayTimeout),
        new(502, "The origin of the key refuses the write, or the key had to be loaded first and the origin has no usable answer; nothing was changed.")
        { SharedAs = "OriginRefusesWrite", Headers = [ApiParts.RetryAfter with { IsOptional = true }], Problem = OriginProblems.WriteRefused("The origin answered 422: no such hotel.") },
        new(504, "It is unknown whether the write was applied; or the origin of the key did not answer, which had to be asked first.")
        { SharedAs = "UnknownWrite", Headers = [ApiParts.RetryAfter with { IsOptional = true }], Problem = Problems.UnknownOutcome() },
    ];

    /// <summary>The answers that every write may get, whatever it is.</summary>
    public static readonly IReadOnlyList<ApiResponse> Rejections =
    [
        new(422, "The Idempotency-Key belongs to another request; nothing was changed.") { SharedAs = "IdempotencyKeyReused", Headers = [ApiParts.StoreRevision], Problem = Problems.IdempotencyKeyReused(IdempotencyHeader.KeyHeader) },
        new(429, "Too many writes are waiting; nothing was changed.") { SharedAs = "QueueFull", Headers = [ApiParts.RetryAfter, ApiParts.RateLimit, ApiParts.RateLimitPolicy], Problem = Problems.QueueFull(RetryTimes.QueueFull) },
        ApiParts.Loading,
        new(504, "It is unknown whether the write was applied.") { SharedAs = "UnknownOutcome", Problem = Problems.UnknownOutcome() },
        new(507, "The storage or the memory for entries is full; nothing was changed.") { SharedAs = "NoSpace", Problem = Problems.NoSpace() },
    ];
}
