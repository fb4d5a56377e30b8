using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI document and Swagger UI.</summary>
internal static class ApiDocument
{
    private const string SwaggerPath = "/swagger";
    private const string NotReadyStatus = "503";

    // Shows event streams while they come: see there.
    private const string PluginFile = "watch.js";
    private const string PluginName = "WatchPlugin";

    public static IServiceCollection AddKvStoreOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddOperationTransformer(Describe);
        options.AddDocumentTransformer(Finish);
    });

    public static void MapKvStoreOpenApi(this WebApplication app)
    {
        // The one document by its own path: any other name is answered as every path is where nothing is served.
        app.MapOpenApi("/openapi/v1.json");

        // In a branch of its own because Swagger UI looks at the path of every request that it gets with regular expressions.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(SwaggerPath), branch => branch.Use(next => context => HasControlCharacter(context.Request.Path.Value)
            ? Problems.NoSuchResource(context.Request.Path.ToUriComponent()).WriteAsync(context)
            : next(context)).UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint("/openapi/v1.json", "KvStore");
            options.RoutePrefix = SwaggerPath[1..];
            options.DocumentTitle = "KvStore";
            options.EnableTryItOutByDefault();
            options.InjectJavascript("./" + PluginFile);
            options.ConfigObject.Plugins = [PluginName];
        }));
        var plugin = ReadPlugin();
        app.MapGet($"{SwaggerPath}/{PluginFile}", (HttpResponse response) =>
        {
            // Asked for anew each time, so that a page never has the plugin of another release.
            response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(plugin, "text/javascript; charset=utf-8");
        }).ExcludeFromDescription();
        app.MapGet("/", () => TypedResults.LocalRedirect(SwaggerPath)).ExcludeFromDescription();
    }

    private static byte[] ReadPlugin()
    {
        using var file = typeof(ApiDocument).Assembly.GetManifestResourceStream(PluginFile)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Swagger UI redirects /swagger/%0A to a location with that line break in it, which no header can hold.</summary>
    private static bool HasControlCharacter(string? path) => path.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0;

    /// <summary>Gives an endpoint whose handler reads and writes HTTP itself its place in the document.</summary>
    public static void WithApi(this IEndpointConventionBuilder endpoint, ApiOperation operation)
    {
        endpoint.WithName(operation.Id);

        // A handler that takes only the HttpContext is left out of the document unless it says which method it is.
        endpoint.Add(builder => builder.Metadata.Add(builder.RequestDelegate!.Method));
        endpoint.WithMetadata(operation);
    }

    private static Task Finish(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "KvStore",
            Version = "v1",
            Description = "A linearizable key-value store: plain keys in the URL, raw bytes in the body, real status codes, one revision for everything.",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };

        // Relative, so that Try it out works through whatever the page was loaded by.
        document.Servers = [new OpenApiServer { Url = "/" }];

        // The framework describes problems by a schema of its own, which nothing refers to once the operations are complete.
        document.Components?.Schemas?.Remove("ProblemDetails");

        // In the order in which they are shown. The framework adds one for endpoints that had none while it looked at them.
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = ApiParts.EntriesTag, Description = "Keys and their values." },
            new() { Name = ApiParts.CompatibilityTag, Description = "The requests of the service that this one grew out of." },
            new() { Name = ApiParts.OperatingTag, Description = "What people and machines that run the service ask it." },
        };
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(ApiSchemas.Problem) != true)
            ApiSchemas.AddTo(document);
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiOperation>().SingleOrDefault() is not { } api)
        {
            Complete(operation, context);
            AddRefusals(operation, context);
            return Task.CompletedTask;
        }

        operation.OperationId = api.Id;
        operation.Summary = api.Summary;
        operation.Description = api.Description;
        operation.Tags = new HashSet<OpenApiTagReference> { new(api.Tag, document) };
        operation.Parameters = [.. api.Parameters.Select(ParameterOf)];
        operation.RequestBody = api.Body is null ? null : BodyOf(api.Body, document);
        operation.Responses = [];
        foreach (var response in api.Responses)
            operation.Responses[response.Status.ToString(CultureInfo.InvariantCulture)] = ResponseOf(response, document);
        AddRefusals(operation, context);
        return Task.CompletedTask;
    }

    private static void AddRefusals(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var isHead = HttpMethods.IsHead(context.Description.HttpMethod ?? "");
        var responses = operation.Responses!;
        foreach (var refusal in ApiParts.AnyRefusals)
            responses.TryAdd(refusal.Status.ToString(CultureInfo.InvariantCulture), ResponseOf(isHead ? refusal.WithoutBody() : refusal, context.Document!));

        var ordered = responses.OrderBy(response => response.Key, StringComparer.Ordinal).ToArray();
        responses.Clear();
        foreach (var (status, response) in ordered)
            responses.Add(status, response);
    }

    /// <summary>Adds to what the framework says of an endpoint what it does not know.</summary>
    private static void Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        // Ids are unique in the document, and an endpoint of two methods has one name.
        var method = context.Description.HttpMethod ?? "";
        operation.OperationId = method.ToLowerInvariant() + operation.OperationId;
        var example = context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiExample>().SingleOrDefault();
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (status == NotReadyStatus)
                ((OpenApiResponse)response).Headers = HeadersOf(ApiParts.Loading);
            if (HttpMethods.IsHead(method))
            {
                response.Content?.Clear();
                continue;
            }

            foreach (var (mediaType, content) in response.Content ?? new Dictionary<string, OpenApiMediaType>())
            {
                content.Example = mediaType == Problem.ContentType ? JsonNode.Parse(NotReady.ToUtf8Json()) : example?.Make(context.ApplicationServices);
                if (mediaType == Problem.ContentType)
                    content.Schema = new OpenApiSchemaReference(ApiSchemas.Problem, context.Document);
            }
        }
    }

    private static Problem NotReady => ApiParts.Loading.Problem! with { Outcome = null };

    private static IOpenApiParameter ParameterOf(ApiParameter parameter) => new OpenApiParameter
    {
        Name = parameter.Name,
        In = parameter.In,
        Description = parameter.Description,
        Required = parameter.Required || parameter.In == ParameterLocation.Path,
        Example = parameter.Example?.DeepClone(),
        Schema = new OpenApiSchema
        {
            Type = parameter.Type,
            Format = parameter.Type == JsonSchemaType.Integer ? "int64" : null,
            Default = parameter.Default?.DeepClone(),
            Minimum = parameter.Minimum,
            Maximum = parameter.Maximum,
            Enum = parameter.Choices.Count == 0 ? null : [.. parameter.Choices.Select(choice => (JsonNode)choice)],
        },
    };

    private static OpenApiRequestBody BodyOf(ApiBody body, OpenApiDocument document) => new()
    {
        Description = body.Description,
        Required = body.Required,
        Content = ContentOf(body.Contents, document),
    };

    private static OpenApiResponse ResponseOf(ApiResponse response, OpenApiDocument document) => new()
    {
        Description = response.Description,
        Headers = HeadersOf(response),
        Content = response.Problem is { } problem
            ? ContentOf([new ApiContent(Problem.ContentType, ApiSchemas.Problem, JsonNode.Parse(problem.ToUtf8Json()))], document)
            : ContentOf(response.Contents, document),
    };

    private static Dictionary<string, IOpenApiHeader> HeadersOf(ApiResponse response) => response.Headers.ToDictionary(header => header.Name, IOpenApiHeader (header) => new OpenApiHeader
    {
        Description = header.Description,
        Required = !header.IsOptional,
        Schema = new OpenApiSchema { Type = header.Type },
        Example = header.Example.DeepClone(),
    });

    private static Dictionary<string, OpenApiMediaType> ContentOf(IReadOnlyList<ApiContent> contents, OpenApiDocument document) =>
        contents.ToDictionary(content => content.MediaType, content => new OpenApiMediaType
        {
            Schema = content.Schema is { } name ? new OpenApiSchemaReference(name, document) : new OpenApiSchema(),
            Example = content.Example?.DeepClone(),
        });
}
