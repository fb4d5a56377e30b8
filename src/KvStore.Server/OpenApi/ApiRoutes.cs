namespace KvStore.Server;

/// <summary>Handles a request: answers it, or returns the problem to answer with.</summary>
internal delegate Task<Problem?> Handler(HttpContext context);

/// <summary>The one way in which endpoints are registered: a method, a path, a handler, and what the OpenAPI document says of it.</summary>
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
    public static void MapHot(this IEndpointRouteBuilder routes, string method, string path, RequestDelegate handler, ApiOperation api) =>
        routes.MapMethods(path, [method], handler)
            .WithName(api.Id)

            // The framework leaves a handler that takes only the HttpContext out of the document unless it says which method it is.
            .WithMetadata(handler.Method, api);
}
