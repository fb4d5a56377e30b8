using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="PersonEndpoints"/>.</summary>
internal static class PersonApi
{
    private static readonly ApiMember Id = Integer("id", "The person's id, 64 bits.");
    private static readonly ApiMember Name = Text("name", "The person's name.");
    private static readonly ApiSchema PersonUpdate = new("PersonUpdate", "A person to store.", [Id, Name]);
    private static readonly ApiSchema Person = new("Person", "A person.", [Id, Name, Time("updatedAt", "When the person was stored (RFC 3339).")]);

    private static JsonObject Example => new() { ["id"] = 100, ["name"] = "mob", ["updatedAt"] = "2026-01-31T12:00:00.1234567Z" };

    private static readonly ApiResponse Found = new(200, "The person.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Person, Example)] };

    public static readonly ApiOperation Update = new("updatePerson", ApiParts.CompatibilityTag, "Store a person",
        "Stores the person as the entry `person/{id}`. Later updates win.")
    {
        Body = new ApiBody("The person.", Required: true, [new ApiContent(ContentTypes.Json, PersonUpdate, new JsonObject { ["id"] = 100, ["name"] = "mob" })]),
        Parameters = WriteApi.Headers,
        Responses = [Found with { Headers = [.. Found.Headers, WriteApi.Replayed] }, ApiParts.Malformed("id"), ApiParts.SlowBody, ApiParts.PreconditionFailed, ApiParts.TooLarge, ApiParts.NotJson, .. WriteApi.Rejections],
    };

    public static readonly ApiOperation Get = new("getPerson", ApiParts.CompatibilityTag, "Read a person",
        "Reads the entry `person/{id}`. The id comes in the query string, or in a JSON body `{\"id\": 100}` as the original service had it.")
    {
        TakesBody = true,
        Parameters =
        [
            new ApiParameter("id", ParameterLocation.Query, JsonSchemaType.Integer, "The person's id. Without it the request's JSON body has to have one.") { Example = 100 },
            .. ReadApi.State,
            .. ReadApi.Conditions,
        ],
        Responses =
        [
            Found with { Headers = [.. Found.Headers, ApiParts.LastModified, ApiParts.Expires] }, ApiParts.NotModified, ApiParts.Malformed("id"), ApiParts.NotFound, ApiParts.Gone,
            ApiParts.SlowBody, ReadApi.PreconditionFailed, ApiParts.TooLarge, ApiParts.NotJson, ReadApi.Unavailable,
        ],
    };
}
