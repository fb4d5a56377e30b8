using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI parts of every read.</summary>
internal static class ReadApi
{
    public static readonly ApiParameter Consistency = new(Reads.ConsistencyParameter, ParameterLocation.Query, JsonSchemaType.String,
        "`linearizable`: the state has every write that was acknowledged before. `local`: the state of this replica, at once; with the engine `etcd`, `KvStore-State-Age` says how old it may be.")
    { Default = Reads.Linearizable, Choices = [Reads.Linearizable, Reads.Local] };

    public static readonly ApiParameter MinRevision = new(Reads.MinRevisionParameter, ParameterLocation.Query, JsonSchemaType.Integer,
        "Wait until this replica has reached this revision, a few seconds at most. Give the `KvStore-Revision` of your write to read it through any replica.")
    { Minimum = "0" };

    public static readonly IReadOnlyList<ApiParameter> State =
    [
        new(Reads.RevisionParameter, ParameterLocation.Query, JsonSchemaType.Integer, "Read the state at this revision instead of the latest one.") { Minimum = "0" },
        Consistency,
        MinRevision,
    ];

    public static readonly IReadOnlyList<ApiParameter> Conditions =
    [
        ApiParts.IfMatch,
        ApiParts.IfNoneMatch with { Description = "ETags of the client's copies: 304 if the entry still has one of them." },
        ApiParts.IfUnmodifiedSince,
        new("If-Modified-Since", ParameterLocation.Header, JsonSchemaType.String, "The `Last-Modified` of the client's copy: 304 if the entry was not written since. Counts only without `If-None-Match`."),
    ];

    /// <summary>The answer that every read may get because of the state of the service.</summary>
    public static readonly ApiResponse Unavailable = new(503, "The store is loading, cannot reach etcd, has not reached `min_revision` in time, or has too much to do.")
    { SharedAs = "ReadUnavailable", Headers = [ApiParts.RetryAfter], Problem = Problems.RevisionNotReached(Reads.MinRevisionParameter, 9, 7) };

    public static readonly ApiResponse PreconditionFailed = new(412, "The entry has none of the ETags in `If-Match`, or was written since the date in `If-Unmodified-Since`.")
    { SharedAs = "ReadPreconditionFailed", Headers = [ApiParts.ETag, ApiParts.StoreRevision], Problem = Problems.PreconditionFailed("The key has an entry with ETag \"7\". Omit the condition, or give this ETag, to read it.") };
}
