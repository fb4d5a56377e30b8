using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="PatchEndpoints"/>.</summary>
internal static class PatchApi
{
    private static readonly ApiHeader AcceptPatch = new("Accept-Patch", JsonSchemaType.String, "The media type of patches.", ContentTypes.MergePatch);

    public static readonly ApiOperation Patch = new("patchEntry", ApiParts.EntriesTag, "Change members of a JSON value",
        "A JSON merge patch (RFC 7396): members of the patch replace those of the value, `null` removes, objects are merged. "
        + "It is worked out against the latest value, so that any number of clients may patch one key. Without a body only `ttl` is changed.")
    {
        Parameters = [ApiParts.Key, WriteApi.TtlOfPresent, .. WriteApi.Headers],
        Body = new ApiBody("The patch.", Required: false, [new ApiContent(ContentTypes.MergePatch, null, new JsonObject { ["name"] = "Ada", ["age"] = null })]),
        Responses =
        [
            new(204, "The entry was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed] },
            ApiParts.MalformedKey,
            ApiParts.NotFound,
            ApiParts.SlowBody,
            new(409, "The stored value is not JSON; nothing was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision], Problem = Problems.NotJson() },
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge with { Headers = [ApiParts.ETagOfPresent, ApiParts.StoreRevisionIfAsked] },
            new(415, "The body is no JSON merge patch by its media type.") { Headers = [AcceptPatch], Problem = Problems.UnsupportedMediaType($"Send a JSON merge patch (RFC 7396), with the header Content-Type: {ContentTypes.MergePatch}.") },
            .. WriteApi.Rejections,
        ],
    };
}
