using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="AppendEndpoints"/>.</summary>
internal static class AppendApi
{
    private static readonly ApiHeader Location = new("Location", JsonSchemaType.String, "The path of the new entry.", "/v1/kv/queue/0000000000000000007");

    public static readonly ApiOperation Append = new("appendEntry", ApiParts.EntriesTag, "Store a value under a new key",
        "Stores the body under a new key below a prefix that ends with a slash: the prefix, and the revision of the write in 19 digits. "
        + "So a listing of the prefix has the entries in the order in which they were committed.")
    {
        Parameters =
        [
            ApiParts.Key with { Description = "The prefix, with a slash at its end: at most 994 bytes of UTF-8 after percent-decoding once.", Example = "queue/" },
            WriteApi.Ttl,
            WriteApi.IdempotencyKey,
        ],
        Body = new ApiBody("The value: 0 bytes to 1 MiB.", Required: false, EntryApi.Value),
        Responses =
        [
            new(201, "The value is stored.") { Headers = [Location, ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.SlowBody,
            ApiParts.TooLarge,
            .. WriteApi.Rejections,
        ],
    };
}
