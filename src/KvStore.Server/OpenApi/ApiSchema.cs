using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The schema of a JSON object. The document lists it once, by its name, however many operations refer to it.</summary>
internal sealed record ApiSchema(string Name, string Description, IReadOnlyList<ApiMember> Members)
{
    /// <summary>A reference to this schema, which is added to the document first if it is not there yet.</summary>
    public OpenApiSchemaReference In(OpenApiDocument document)
    {
        if (document.Components?.Schemas?.ContainsKey(Name) != true)
        {
            document.AddComponent(Name, new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = Description,
                Required = Members.Where(member => !member.IsOptional).Select(member => member.Name).ToHashSet(),
                Properties = Members.ToDictionary(member => member.Name, member => member.In(document)),
            });
        }

        return new OpenApiSchemaReference(Name, document);
    }
}

/// <summary>A member of a JSON object. Without a type and a schema it may be any JSON.</summary>
internal sealed record ApiMember(string Name, JsonSchemaType? Type, string Description)
{
    /// <summary>Whether the member may be absent; the description says when.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The schema of an object, or of the items of an array.</summary>
    public ApiSchema? Schema { get; init; }

    private string? Format { get; init; }

    private JsonSchemaType? ItemType { get; init; }

    public static ApiMember Text(string name, string description) => new(name, JsonSchemaType.String, description);

    public static ApiMember Integer(string name, string description) => new(name, JsonSchemaType.Integer, description) { Format = "int64" };

    public static ApiMember Number(string name, string description) => new(name, JsonSchemaType.Number, description);

    public static ApiMember Flag(string name, string description) => new(name, JsonSchemaType.Boolean, description);

    /// <summary>A time as RFC 3339 writes it.</summary>
    public static ApiMember Time(string name, string description) => Text(name, description) with { Format = "date-time" };

    public static ApiMember Object(string name, string description, ApiSchema schema) => new(name, null, description) { Schema = schema };

    public static ApiMember Objects(string name, string description, ApiSchema? schema = null) => new(name, JsonSchemaType.Array, description) { Schema = schema };

    public static ApiMember Texts(string name, string description) => new(name, JsonSchemaType.Array, description) { ItemType = JsonSchemaType.String };

    public ApiMember Optional() => this with { IsOptional = true };

    /// <summary>The member's own schema.</summary>
    public IOpenApiSchema In(OpenApiDocument document)
    {
        var schema = Schema?.In(document);
        if (schema is not null && Type is null)
        {
            schema.Description = Description;
            return schema;
        }

        return new OpenApiSchema
        {
            Type = Type,
            Format = Format,
            Description = Description,
            Items = ItemType is null ? schema : new OpenApiSchema { Type = ItemType },
        };
    }
}
