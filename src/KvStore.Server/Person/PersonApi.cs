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

    private static JsonObject Example => new() { ["id"] = Examples.Person, ["name"] = "mob", ["updatedAt"] = "2026-01-31T12:00:00.1234567Z" };

    private static readonly ApiResponse Found = new(200, "The person.") { Headers = [ApiParts.ETag, ApiParts.StoreRevision], Contents = [new ApiContent(ContentTypes.Json, Person, Example)] };

    public static readonly ApiOperation Update = new("updatePerson", ApiTags.Compatibility, "Store a person",
        "Stores the person as the entry `person/{id}`. The last update wins.")
    {
        Rights = Rights.Write,
        Body = new ApiBody("The person.", Required: true, [new ApiContent(ContentTypes.Json, PersonUpdate, new JsonObject { ["id"] = Examples.Person, ["name"] = "mob" })]),
        Parameters = WriteApi.Headers,
        Responses = [Found with { Headers = [.. Found.Headers, WriteApi.Replayed] }, ApiParts.SlowBody, WriteApi.NotReplaced, ApiParts.PreconditionFailed, ApiParts.TooLarge, ApiParts.NotJson, .. WriteApi.RejectionsOfKey],
    };

    public static readonly ApiOperation Get = new("getPerson", ApiTags.Compatibility, "Read a person",
        "Returns the entry `person/{id}`. The id is in the query string, or in a JSON body such as `{\"id\": 100}`, which a browser cannot send. HEAD returns the headers alone.")
    {
        Rights = Rights.Read,
        TakesBody = true,
        Parameters =
        [
            new ApiParameter("id", ParameterLocation.Query, JsonSchemaType.Integer, "The person's id. Without it the JSON body must have one.") { Example = Examples.Person },
            .. ReadApi.State,
            .. ReadApi.Conditions,
        ],
        Responses =
        [
            Found with { Headers = [.. Found.Headers, ApiParts.LastModified, ApiParts.Expires, ApiParts.StateAge] }, ApiParts.NotModified, ApiParts.NotFound, ApiParts.Gone,
            ApiParts.SlowBody, ReadApi.PreconditionFailed, ApiParts.TooLarge, ApiParts.NotJson, ReadApi.Unavailable,
        ],
    };
}
