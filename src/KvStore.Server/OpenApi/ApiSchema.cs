using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The schema of a JSON object, or of one of several.</summary>
/// <param name="Name">The document lists it once by this name, however many operations refer to it; null: it is written where it is used.</param>
/// <param name="Description">What the object is.</param>
/// <param name="Members">Its members; none if it is one of <see cref="Alternatives"/>.</param>
internal sealed record ApiSchema(string? Name, string Description, IReadOnlyList<ApiMember> Members)
{
    /// <summary>The objects of which this is exactly one. Closed ones, so that a value tells which.</summary>
    public IReadOnlyList<ApiSchema> Alternatives { get; init; } = [];

    /// <summary>Whether the object has no other members.</summary>
    public bool IsClosed { get; init; }

    /// <summary>An object without other members, written where it is used.</summary>
    public static ApiSchema Closed(string description, params IReadOnlyList<ApiMember> members) => new(null, description, members) { IsClosed = true };

    /// <summary>A reference to this schema, which is added to the document first if it is not there yet; the schema itself if it has no name.</summary>
    public IOpenApiSchema In(OpenApiDocument document)
    {
        if (Name is null)
            return Build(document);
        if (document.Components?.Schemas?.ContainsKey(Name) != true)
            document.AddComponent(Name, Build(document));
        return new OpenApiSchemaReference(Name, document);
    }

    private OpenApiSchema Build(OpenApiDocument document) => Alternatives.Count > 0
        ? new OpenApiSchema { Description = Description, OneOf = [.. Alternatives.Select(alternative => alternative.In(document))] }
        : new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = Description,
            Required = Members.Where(member => !member.IsOptional).Select(member => member.Name).ToHashSet(),
            Properties = Members.ToDictionary(member => member.Name, member => member.In(document)),
            AdditionalPropertiesAllowed = !IsClosed,
        };
}

/// <summary>A member of a JSON object. Without a type and a schema it may be any JSON.</summary>
internal sealed record ApiMember(string Name, JsonSchemaType? Type, string Description)
{
    /// <summary>Whether the member may be absent; the description says when.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The schema of an object, or of the items of an array.</summary>
    public ApiSchema? Schema { get; init; }

    private bool IsNullable { get; init; }

    private string? Format { get; init; }

    private JsonSchemaType? ItemType { get; init; }

    public static ApiMember Text(string name, string description) => new(name, JsonSchemaType.String, description);

    public static ApiMember Integer(string name, string description) => new(name, JsonSchemaType.Integer, description) { Format = "int64" };

    public static ApiMember Number(string name, string description) => new(name, JsonSchemaType.Number, description);

    public static ApiMember Flag(string name, string description) => new(name, JsonSchemaType.Boolean, description);

    /// <summary>A time as RFC 3339 writes it.</summary>
    public static ApiMember Time(string name, string description) => Text(name, description) with { Format = "date-time" };

    public static ApiMember Object(string name, string description, ApiSchema schema) => new(name, null, description) { Schema = schema };

    public static ApiMember Objects(string name, string description, ApiSchema schema) => new(name, JsonSchemaType.Array, description) { Schema = schema };

    public static ApiMember Texts(string name, string description) => new(name, JsonSchemaType.Array, description) { ItemType = JsonSchemaType.String };

    public ApiMember Optional() => this with { IsOptional = true };

    /// <summary>The member, which may also be null.</summary>
    public ApiMember Nullable() => this with { IsNullable = true };

    /// <summary>The member's own schema.</summary>
    public IOpenApiSchema In(OpenApiDocument document)
    {
        var schema = Schema?.In(document);
        if (schema is not null && Type is null)
        {
            if (IsNullable)
                return new OpenApiSchema { Description = Description, OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }] };
            schema.Description = Description;
            return schema;
        }

        return new OpenApiSchema
        {
            Type = IsNullable ? Type | JsonSchemaType.Null : Type,
            Format = Format,
            Description = Description,
            Items = ItemType is null ? schema : new OpenApiSchema { Type = ItemType },
        };
    }
}
