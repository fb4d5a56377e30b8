using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="CounterEndpoints"/>.</summary>
internal static class CounterApi
{
    public static readonly ApiOperation Add = new("addToCounter", ApiTags.Entries, "Add to a number",
        "Adds to the 64-bit number that is stored under the key as decimal text, and returns the sum. An absent entry counts as 0. "
        + "No concurrent addition is lost. Read, set and delete the number at `/v1/kv/{key}`.")
    {
        Rights = Rights.Read | Rights.Write,
        Parameters =
        [
            ApiParts.Key with { Example = Examples.Counter },
            new("by", ParameterLocation.Query, JsonSchemaType.Integer, "What is added; may be negative.") { Default = 1 },
            WriteApi.TtlOfExisting,
            .. WriteApi.Headers,
        ],
        Responses =
        [
            new(200, "The new number.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed], Contents = [new ApiContent("text/plain", null, "42")] },
            ApiParts.MalformedKey,
            new(409, "The stored value is no number, or a mergeable one, or the new one would not fit into 64 bits, or the key is that of an origin; nothing was changed.") { Headers = [ApiParts.ETagOfExisting, ApiParts.StoreRevision], Problem = Problems.NotANumber() },
            ApiParts.PreconditionFailed,
            .. WriteApi.RejectionsOfKey,
        ],
    };
}
