using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of an endpoint. Its handler reads and writes HTTP itself, so the framework can derive none of this.</summary>
/// <param name="Id">The operation's id, unique in the document.</param>
/// <param name="Tag">The group that it is shown in.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">The rest, in Markdown.</param>
internal sealed record ApiOperation(string Id, string Tag, string Summary, string Description)
{
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    public ApiBody? Body { get; init; }

    /// <summary>Every answer, by status. What any request may get (<see cref="ApiParts.AnyRejections"/>) is added to the document.</summary>
    public IReadOnlyList<ApiResponse> Responses { get; init; } = [];

    /// <summary>The HEAD that goes with this GET.</summary>
    /// <param name="id">Its id.</param>
    public ApiOperation AsHead(string id) => this with
    {
        Id = id,
        Summary = Summary + ": headers only",
        Description = "The same as GET, without the body.",
    };
}

/// <summary>A parameter in the path, the query or a header.</summary>
internal sealed record ApiParameter(string Name, ParameterLocation In, JsonSchemaType Type, string Description)
{
    public JsonNode? Example { get; init; }

    public JsonNode? Default { get; init; }

    /// <summary>Whether the request is rejected without it. A part of the path is always required.</summary>
    public bool Required { get; init; }

    public string? Minimum { get; init; }

    public string? Maximum { get; init; }

    /// <summary>The only texts that are accepted; empty means any.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
}

/// <summary>A request's body.</summary>
internal sealed record ApiBody(string Description, bool Required, IReadOnlyList<ApiContent> Contents);

/// <summary>One answer of an operation. Without contents and below 400 it has no body; from 400 it is a problem.</summary>
internal sealed record ApiResponse(int Status, string Description)
{
    public IReadOnlyList<ApiHeader> Headers { get; init; } = [];

    public IReadOnlyList<ApiContent> Contents { get; init; } = [];

    /// <summary>An example of the problem, for statuses from 400.</summary>
    public Problem? Problem { get; init; }
}

/// <summary>A response header.</summary>
internal sealed record ApiHeader(string Name, JsonSchemaType Type, string Description, JsonNode Example)
{
    /// <summary>Whether it may be absent; the description says when.</summary>
    public bool IsOptional { get; init; }
}

/// <summary>A media type of a body, with its schema (null for any bytes) and an example.</summary>
internal sealed record ApiContent(string MediaType, ApiSchema? Schema, JsonNode? Example);
