using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>Handles a request: answers it, or returns the problem to answer with.</summary>
internal delegate Task<Problem?> Handler(HttpContext context);

/// <summary>The one way in which endpoints are registered: a method, a path, a handler, and what the OpenAPI document says of it. What the document does not say of conditions and of a body is rejected (<see cref="HeaderRules"/>).</summary>
internal static class ApiRoutes
{
    /// <summary>Adds an endpoint whose handler returns problems, which are written here.</summary>
    public static void Map(this IEndpointRouteBuilder routes, string method, string path, Handler handler, ApiOperation api)
    {
        routes.MapHot(method, path, AnswerAsync, api);

        async Task AnswerAsync(HttpContext context)
        {
            if (await handler(context) is { } problem)
                await problem.WriteAsync(context);
        }
    }

    /// <summary>Adds an endpoint that is most of the load: its handler writes problems itself, which saves a state machine for each request.</summary>
    public static void MapHot(this IEndpointRouteBuilder routes, string method, string path, RequestDelegate handler, ApiOperation api)
    {
        var rules = new HeaderRules(method, api.TakesBody, api.Parameters.Where(parameter => parameter.In == ParameterLocation.Header).Select(parameter => parameter.Name));
        var storeId = routes.ServiceProvider.GetRequiredService<StoreIdHeader>();
        routes.MapMethods(path, [method], CheckAsync)
            .WithName(api.Id)

            // The framework leaves a handler that takes only the HttpContext out of the document unless it says which method it is.
            .WithMetadata(handler.Method, api, rules);

        Task CheckAsync(HttpContext context) => (storeId.Check(context) ?? rules.TryReject(context)) is { } problem ? problem.WriteAsync(context) : handler(context);
    }

    /// <summary>Answers OPTIONS on every path that has been added so far, and for the service as a whole.</summary>
    public static void MapOptions(this IEndpointRouteBuilder routes)
    {
        var paths = routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .GroupBy(endpoint => endpoint.RoutePattern.RawText!, MethodsOf, StringComparer.Ordinal)
            .ToDictionary(path => path.Key, path => path.SelectMany(methods => methods).Append(HttpMethods.Options).Distinct().Order(StringComparer.Ordinal).ToArray());
        var all = string.Join(", ", paths.Values.SelectMany(methods => methods).Distinct().Order(StringComparer.Ordinal));
        foreach (var (path, methods) in paths)
        {
            var allowed = string.Join(", ", methods);
            routes.MapMethods(path, [HttpMethods.Options], (RequestDelegate)(context => AllowAsync(context, RequestTarget.PathOf(context) is "*" ? all : allowed))).ExcludeFromDescription();
        }

        static IReadOnlyList<string> MethodsOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];

        static Task AllowAsync(HttpContext context, string allowed)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = allowed;
            return Task.CompletedTask;
        }
    }
}
