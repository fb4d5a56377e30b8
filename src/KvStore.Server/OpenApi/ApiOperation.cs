using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>What the OpenAPI document says of an operation whose handler reads and writes HTTP itself.</summary>
/// <param name="Id">The operation's id, unique in the document.</param>
/// <param name="Tag">The group that it is shown in.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">The rest, in Markdown.</param>
internal sealed record ApiOperation(string Id, string Tag, string Summary, string Description)
{
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    public ApiBody? Body { get; init; }

    /// <summary>Every answer, by status.</summary>
    public IReadOnlyList<ApiResponse> Responses { get; init; } = [];

    /// <summary>The HEAD that goes with this GET.</summary>
    /// <param name="id">Its id.</param>
    public ApiOperation AsHead(string id) => this with
    {
        Id = id,
        Summary = Summary + ": headers only",
        Description = "The same as GET, without the body.",
        Responses = [.. Responses.Select(response => response.WithoutBody())],
    };
}

/// <summary>An example of what an endpoint answers that the framework describes.</summary>
/// <param name="Make">Makes it, from the services of the application.</param>
internal sealed record ApiExample(Func<IServiceProvider, JsonNode?> Make);

/// <summary>A parameter in the path, the query or a header.</summary>
internal sealed record ApiParameter(string Name, ParameterLocation In, JsonSchemaType Type, string Description)
{
    public JsonNode? Example { get; init; }

    public JsonNode? Default { get; init; }

    /// <summary>Whether the request is refused without it. A part of the path always is.</summary>
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

    /// <summary>The answer to a HEAD.</summary>
    public ApiResponse WithoutBody() => this with { Contents = [], Problem = null };
}

/// <summary>A response header.</summary>
internal sealed record ApiHeader(string Name, JsonSchemaType Type, string Description, JsonNode Example)
{
    /// <summary>Whether it is there only sometimes; the description says when.</summary>
    public bool IsOptional { get; init; }
}

/// <summary>A media type of a body, with its schema (a component's name, or null for any bytes) and an example.</summary>
internal sealed record ApiContent(string MediaType, string? Schema, JsonNode? Example);
