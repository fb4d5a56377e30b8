using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of <see cref="PersonEndpoints"/>.</summary>
internal static class PersonApi
{
    private static JsonObject Example => new() { ["id"] = 100, ["name"] = "mob", ["updatedAt"] = "2026-01-31T12:00:00.1234567Z" };

    private static readonly ApiResponse Found = new(200, "The person.")
    {
        Headers = [ApiParts.ETag, ApiParts.StoreRevision],
        Contents = [new ApiContent(ContentTypes.Json, ApiSchemas.Person, Example)],
    };

    public static readonly ApiOperation Update = new("updatePerson", ApiParts.CompatibilityTag, "Store a person",
        "Stores the person as the entry `person/{id}`. Later updates win.")
    {
        Body = new ApiBody("The person.", Required: true, [new ApiContent(ContentTypes.Json, ApiSchemas.PersonUpdate, new JsonObject { ["id"] = 100, ["name"] = "mob" })]),
        Parameters = ApiParts.WriteHeaders,
        Responses = [Found with { Headers = [.. Found.Headers, ApiParts.Replayed] }, ApiParts.Malformed("id"), ApiParts.SlowBody, ApiParts.PreconditionFailed, ApiParts.TooLarge, ApiParts.NotJson, .. ApiParts.WriteRefusals],
    };

    public static readonly ApiOperation Get = new("getPerson", ApiParts.CompatibilityTag, "Read a person",
        "Reads the entry `person/{id}`. The id comes in the query string, or in a JSON body `{\"id\": 100}` as the original service had it.")
    {
        Parameters =
        [
            new ApiParameter("id", ParameterLocation.Query, JsonSchemaType.Integer, "The person's id. Without it the request's JSON body has to have one.") { Example = 100 },
            .. ApiParts.ReadState,
            .. ApiParts.ReadConditions,
        ],
        Responses =
        [
            Found with { Headers = [.. Found.Headers, ApiParts.Expires] },
            ApiParts.NotModified,
            ApiParts.Malformed("id"),
            ApiParts.NotFound,
            ApiParts.Gone,
            ApiParts.SlowBody,
            ApiParts.PreconditionFailed,
            ApiParts.TooLarge,
            ApiParts.NotJson,
            ApiParts.ReadRefused,
        ],
    };

    public static readonly ApiOperation Head = Get.AsHead("headPerson");
}
