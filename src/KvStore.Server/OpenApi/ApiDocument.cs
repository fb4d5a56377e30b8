using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI document and Swagger UI.</summary>
internal static class ApiDocument
{
    private const string SwaggerPath = "/swagger";

    // Shows the events of a watch as they arrive.
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
        // One literal path: with a parameter for the document's name, any other name would not get the 404 of this service.
        app.MapOpenApi("/openapi/v1.json");

        // In a branch of its own because Swagger UI matches the path of every request that it sees against regular expressions.
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
        app.MapGet($"{SwaggerPath}/{PluginFile}", context =>
        {
            // Revalidated each time, so that a page never runs the plugin of another release.
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.ContentType = "text/javascript; charset=utf-8";
            return context.Response.Body.WriteAsync(plugin, context.RequestAborted).AsTask();
        });
        app.MapGet("/", context =>
        {
            context.Response.Redirect(SwaggerPath);
            return Task.CompletedTask;
        });
    }

    private static byte[] ReadPlugin()
    {
        using var file = typeof(ApiDocument).Assembly.GetManifestResourceStream(PluginFile)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Swagger UI redirects /swagger/%0A to a location with that line break in it, which is not a valid header.</summary>
    private static bool HasControlCharacter(string? path) => path.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0;

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

        // In the order in which they are shown.
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = ApiParts.EntriesTag, Description = "Keys and their values." },
            new() { Name = ApiParts.CompatibilityTag, Description = "The requests of the service that this one replaces." },
            new() { Name = ApiParts.OperatingTag, Description = "Health, status and backups, for operators and their tools." },
        };
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var document = context.Document!;
        var isHead = HttpMethods.IsHead(context.Description.HttpMethod!);
        var api = context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiOperation>().Single();
        operation.OperationId = api.Id;
        operation.Summary = api.Summary;
        operation.Description = api.Description;
        operation.Tags = new HashSet<OpenApiTagReference> { new(api.Tag, document) };
        operation.Parameters = [.. api.Parameters.Select(ParameterOf)];
        operation.RequestBody = api.Body is null ? null : BodyOf(api.Body, document);
        operation.Responses = [];
        foreach (var response in api.Responses.Concat(ApiParts.AnyRejections).DistinctBy(response => response.Status).OrderBy(response => response.Status))
            operation.Responses.Add(response.Status.ToString(CultureInfo.InvariantCulture), ResponseOf(response, isHead, document));
        return Task.CompletedTask;
    }

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
            Enum = parameter.Choices?.Select(choice => (JsonNode)choice).ToList(),
        },
    };

    private static OpenApiRequestBody BodyOf(ApiBody body, OpenApiDocument document) => new()
    {
        Description = body.Description,
        Required = body.Required,
        Content = ContentOf(body.Contents, document),
    };

    private static OpenApiResponse ResponseOf(ApiResponse response, bool isHead, OpenApiDocument document) => new()
    {
        Description = response.Description,
        Headers = response.Headers.ToDictionary(header => header.Name, HeaderOf),
        Content = isHead ? null : ContentOf(
            response.Problem is { } problem ? [new ApiContent(Problem.ContentType, ApiParts.Error, JsonNode.Parse(problem.ToUtf8Json()))] : response.Contents,
            document),
    };

    private static IOpenApiHeader HeaderOf(ApiHeader header) => new OpenApiHeader
    {
        Description = header.Description,
        Required = !header.IsOptional,
        Schema = new OpenApiSchema { Type = header.Type },
        Example = header.Example.DeepClone(),
    };

    private static Dictionary<string, OpenApiMediaType> ContentOf(IReadOnlyList<ApiContent> contents, OpenApiDocument document) =>
        contents.ToDictionary(content => content.MediaType, content => new OpenApiMediaType
        {
            Schema = content.Schema?.In(document) ?? (IOpenApiSchema)new OpenApiSchema(),
            Example = content.Example?.DeepClone(),
        });
}
