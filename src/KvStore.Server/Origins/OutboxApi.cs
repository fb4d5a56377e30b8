using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="OutboxEndpoints"/>.</summary>
internal static class OutboxApi
{
    private static readonly ApiSchema Item = new("OutboxItem", "A key whose last write the origin has yet to get.",
    [
        Text("key", "The key."),
        Integer("revision", "The revision of its last write, or of what parked it or had it delivered again."),
        Text("state", "`pending`, or `parked`: it is not delivered until it is written again, or someone asks for it."),
        Time("since", "Since when the origin has not had what the key is (RFC 3339)."),
        Text("reason", "Why it is parked; absent if it is not.").Optional(),
    ]);

    private static readonly ApiSchema Page = new("OutboxPage", "Keys whose last write the origin has yet to get.",
        [Objects("items", "The keys, in their order.", Item), Text("cursor", "Where the next page starts; absent on the last page.").Optional()]);

    private static readonly ApiMember Failed = Integer("failed", "How many keys the store could not change, because it is full or busy; ask again.");

    private static readonly ApiSchema Retried = new("OutboxRetried", "What is delivered again.", [Integer("retried", "How many keys."), Failed]);

    private static readonly ApiSchema Dropped = new("OutboxDropped", "What was given up.", [Integer("dropped", "How many keys."), Failed]);

    private static readonly ApiParameter Name = new("name", ParameterLocation.Path, JsonSchemaType.String, "The name of the origin.", "acme");

    private static readonly ApiParameter State = new("state", ParameterLocation.Query, JsonSchemaType.String, "Only `pending` or only `parked` keys.") { Choices = ["pending", "parked"] };

    private static readonly ApiResponse NotFound = new(404, "No origin has this name, or its writes are not delivered behind.") { SharedAs = "NoOutbox", Problem = OriginProblems.NoOutbox("acme") };

    public static readonly ApiOperation List = new("listOutbox", ApiTags.Origins, "List writes that an origin has yet to get",
        "Lists the keys of an origin with `Writes` `behind` whose last write has not reached it, in the order of keys, page by page, as they are now.")
    {
        Rights = Rights.Read,
        Parameters =
        [
            Name,
            State,
            new("limit", ParameterLocation.Query, JsonSchemaType.Integer, "The most keys on a page; 100 if it is not given.") { Minimum = "1", Maximum = "1000" },
            new("cursor", ParameterLocation.Query, JsonSchemaType.String, "Continue after the page with this cursor."),
        ],
        Responses = [new(200, "A page.") { Contents = [new ApiContent(ContentTypes.Json, Page, new JsonObject { ["items"] = new JsonArray(Example()) })] }, NotFound, ApiParts.Loading],
    };

    public static readonly ApiOperation Retry = new("retryOutbox", ApiTags.Origins, "Deliver parked writes again",
        "Has parked keys delivered again, as if they had just been written: those that are named, or all that start with a prefix.")
    {
        Rights = Rights.Write,
        Parameters = [Name],
        Body = new ApiBody("The keys, or a prefix.", Required: true, [new ApiContent(ContentTypes.Json, OriginApi.KeysOrPrefix, new JsonObject { ["prefix"] = "rates/acme/" })]),
        Responses =
        [
            new(200, "They wait for their delivery.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Retried, new JsonObject { ["retried"] = 1, ["failed"] = 0 })] },
            NotFound,
            ApiParts.SlowBody,
            ApiParts.TooLarge,
            ApiParts.NotJson,
            ApiParts.Loading,
        ],
    };

    public static readonly ApiOperation Drop = new("dropOutbox", ApiTags.Origins, "Give up writes that an origin has yet to get",
        "Gives up the last write of a key, or of all keys that start with a prefix. They are loaded from the origin again. One that is being delivered may arrive all the same.")
    {
        Rights = Rights.Write,
        Parameters =
        [
            Name,
            new("key", ParameterLocation.Query, JsonSchemaType.String, "The key.", "rates/acme/1"),
            new("prefix", ParameterLocation.Query, JsonSchemaType.String, "What the keys start with; give this or `key`."),
            State,
        ],
        Responses =
        [
            new(200, "They are given up.") { Headers = [ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Dropped, new JsonObject { ["dropped"] = 1, ["failed"] = 0 })] },
            NotFound,
            ApiParts.Loading,
        ],
    };

    private static JsonObject Example() => new() { ["key"] = "rates/acme/1", ["revision"] = 7, ["state"] = "parked", ["since"] = "2026-01-31T12:00:00.123Z", ["reason"] = "The origin answered 422." };
}
