using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="CounterEndpoints"/>.</summary>
internal static class CounterApi
{
    public static readonly ApiOperation Add = new("addToCounter", ApiParts.EntriesTag, "Add to a number",
        "Adds to the 64-bit number that the key's entry has as decimal text; an absent one counts as 0. Answers with the new number, as a GET of the entry does. "
        + "It is evaluated against the latest value, so that any number of clients may use one counter.")
    {
        Parameters =
        [
            ApiParts.Key with { Example = "visits" },
            new("by", ParameterLocation.Query, JsonSchemaType.Integer, "What is added; may be negative.") { Default = 1 },
            WriteApi.TtlOfExisting,
            .. WriteApi.Headers,
        ],
        Responses =
        [
            new(200, "The new number.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision, WriteApi.Replayed], Contents = [new ApiContent("text/plain", null, "42")] },
            ApiParts.MalformedKey,
            new(409, "The stored value is no number, or the new one would not fit into 64 bits; nothing was changed.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision], Problem = Problems.NotANumber() },
            ApiParts.PreconditionFailed,
            .. WriteApi.Rejections,
        ],
    };
}
