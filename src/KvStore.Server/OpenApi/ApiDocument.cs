using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI document, made from the <see cref="ApiOperation"/> of each endpoint.</summary>
internal static class ApiDocument
{
    public const string Path = "/openapi/v1.json";

    private const string Name = "v1";

    private const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_1;

    public static IServiceCollection AddKvStoreOpenApi(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = Version;
        options.AddOperationTransformer(Describe);
        options.AddDocumentTransformer(Finish);
    });

    /// <summary>Serves the document, which is the same for every request and is made for the first one.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var document = new SingleFlight<CachedContent>(() => MakeAsync(routes.ServiceProvider));
        routes.MapMethods(Path, [HttpMethods.Get], async context => await (await document.GetAsync()).AnswerAsync(context)).Requires(RightsRequirement.Open);
    }

    private static async Task<CachedContent> MakeAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        using var bytes = new MemoryStream();
        await document.SerializeAsJsonAsync(bytes, Version);
        return new CachedContent(bytes.ToArray(), "application/json; charset=utf-8");
    }

    private static Task Finish(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var options = context.ApplicationServices.GetRequiredService<KvStoreOptions>();
        var pathBase = options.PathBase.TrimEnd('/');
        document.Info = new OpenApiInfo
        {
            Title = "KvStore",
            Version = ServiceVersion.Text,
            Description = "A linearizable key-value store: the key is in the URL, the value is the body, and the result is the status code.\n\n"
                + "Every error is `application/problem+json` (RFC 9457): `detail` says what to do, and `type` leads to [its explanation](" + pathBase + Problem.Page + "#errors). "
                + "What *Execute* sends by default works on an empty store, from top to bottom, and changes only keys that start with `" + Examples.Prefix + "`, and the person with the id -1.",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };

        document.ExternalDocs = new OpenApiExternalDocs { Description = "The HTTP API, explained", Url = new Uri(pathBase + Problem.Page, UriKind.Relative) };

        ApiSecurity.Describe(document);

        // Relative, so that Try it out works through whatever the page was loaded by.
        document.Servers = [new OpenApiServer { Url = options.PathBase }];
        document.Tags = ApiTags.All.Select(tag => new OpenApiTag
        {
            Name = tag.Name,
            Description = tag.Description,
            ExternalDocs = new OpenApiExternalDocs { Description = "more", Url = new Uri($"{pathBase}{Problem.Page}#{tag.Heading}", UriKind.Relative) },
        }).ToHashSet();
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
        operation.Security = ApiSecurity.Of(api.Rights, AccessPipeline.IsOn(context.ApplicationServices), document);
        operation.Responses = [];
        foreach (var response in api.Responses.Concat(ApiParts.AnyRejections).Concat(api.Rights.IsOpen ? [] : ApiParts.AccessRejections).DistinctBy(response => response.Status).OrderBy(response => response.Status))
            operation.Responses.Add(response.Status.ToString(CultureInfo.InvariantCulture), isHead ? ResponseOf(response, isHead, document) : SharedOf(response, document));
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

    /// <summary>The response, or a reference to it if several operations have it.</summary>
    private static IOpenApiResponse SharedOf(ApiResponse response, OpenApiDocument document)
    {
        if (response.SharedAs is not { } name)
            return ResponseOf(response, isHead: false, document);
        if (document.Components?.Responses?.ContainsKey(name) != true)
            document.AddComponent(name, ResponseOf(response, isHead: false, document));
        return new OpenApiResponseReference(name, document);
    }

    private static OpenApiResponse ResponseOf(ApiResponse response, bool isHead, OpenApiDocument document) => new()
    {
        Description = response.Description,
        Headers = HeadersOf(response).ToDictionary(header => header.Name, HeaderOf),
        Content = isHead ? null : ContentOf(
            response.Problem is { } problem ? [new ApiContent(Problem.ContentType, ApiParts.Error, JsonNode.Parse(problem.ToUtf8Json()))] : response.Contents,
            document),
    };

    // A revision means nothing without its store.
    private static IEnumerable<ApiHeader> HeadersOf(ApiResponse response) => response.Headers.SelectMany(header => header.Name == ResponseHeaders.Revision
        ? (ApiHeader[])[header, ApiParts.StoreId with { IsOptional = header.IsOptional }]
        : [header]);

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
