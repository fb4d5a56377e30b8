using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of an endpoint. Its handler reads and writes HTTP itself, so the framework can derive none of this.</summary>
/// <param name="Id">The operation's id, unique in the document.</param>
/// <param name="Tag">The group that it is shown in: one of <see cref="ApiTags"/>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">The rest, in Markdown.</param>
internal sealed record ApiOperation(string Id, string Tag, string Summary, string Description)
{
    /// <summary>The rights that it needs, whatever its keys are: its authorization policy.</summary>
    public required RightsRequirement Rights { get; init; }

    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    public ApiBody? Body { get; init; }

    /// <summary>Whether it reads a body. Set it where the document cannot have one, which is with GET.</summary>
    public bool TakesBody { get => field || Body is not null; init; }

    /// <summary>Of which of its client's places a request has one until it ends.</summary>
    public HeldPlace Holds { get; init; }

    /// <summary>The query parameter with which it holds the place of a watcher; null if it never does.</summary>
    public string? WaitParameter { get; init; }

    /// <summary>Every answer, by status. What any request may get (<see cref="ApiParts.AnyRejections"/>) is added to the document.</summary>
    public IReadOnlyList<ApiResponse> Responses { get; init; } = [];

    /// <summary>The HEAD that goes with this GET.</summary>
    /// <param name="id">Its id.</param>
    public ApiOperation AsHead(string id) => this with { Id = id, Summary = Summary + ": headers only", Description = "The same as GET, without the body." };
}

/// <summary>A parameter in the path, which is always required, in the query, or a header. Without choices any text is accepted.</summary>
internal sealed record ApiParameter(
    string Name, ParameterLocation In, JsonSchemaType Type, string Description, JsonNode? Example = null, JsonNode? Default = null,
    bool Required = false, string? Minimum = null, string? Maximum = null, IReadOnlyList<string>? Choices = null);

/// <summary>A request's body.</summary>
internal sealed record ApiBody(string Description, bool Required, IReadOnlyList<ApiContent> Contents);

/// <summary>One answer of an operation. Without contents and below 400 it has no body; from 400 it is a problem.</summary>
internal sealed record ApiResponse(int Status, string Description)
{
    public IReadOnlyList<ApiHeader> Headers { get; init; } = [];

    public IReadOnlyList<ApiContent> Contents { get; init; } = [];

    /// <summary>The name under which the document lists the answer once, if several operations have it. A copy is another answer, and needs another name or none.</summary>
    public string? SharedAs { get; init; }

    /// <summary>An example of the problem, for statuses from 400.</summary>
    public Problem? Problem { get; init; }
}

/// <summary>A response header. The description of an optional one says when it is absent.</summary>
internal sealed record ApiHeader(string Name, JsonSchemaType Type, string Description, JsonNode Example, bool IsOptional = false);

/// <summary>A media type of a body, with its schema (null for any bytes) and an example.</summary>
internal sealed record ApiContent(string MediaType, ApiSchema? Schema, JsonNode? Example);
