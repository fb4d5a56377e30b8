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
        routes.MapMethods(path, [method], AccessPipeline.IsOn(routes.ServiceProvider) ? CheckKnownAsync : CheckAsync)
            .WithName(api.Id)

            // The framework leaves a handler that takes only the HttpContext out of the document unless it says which method it is.
            .WithMetadata(handler.Method, api, rules)
            .Requires(api.Rights);

        Task CheckAsync(HttpContext context) => (storeId.Check(context) ?? rules.TryReject(context)) is { } problem ? problem.WriteAsync(context) : handler(context);

        Task CheckKnownAsync(HttpContext context) =>
            Access.IsKnown(context) ? CheckAsync(context) : throw new InvalidOperationException("The request reached its endpoint without authorization.");
    }

    /// <summary>
    /// Adds OPTIONS to every path that has been added so far and to <c>*</c>, the service as a whole, and HEAD to those that have GET without it.
    /// </summary>
    public static void MapHeadAndOptions(this IEndpointRouteBuilder routes)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().ToLookup(endpoint => endpoint.RoutePattern.RawText!))
        {
            var methods = new SortedSet<string>(path.SelectMany(MethodsOf).Append(HttpMethods.Options), StringComparer.Ordinal);

            // The web server leaves out the body. The headers need the rights that the body needs.
            if (path.FirstOrDefault(endpoint => MethodsOf(endpoint).Contains(HttpMethods.Get)) is { RequestDelegate: { } handler } get && methods.Add(HttpMethods.Head))
                routes.MapMethods(path.Key, [HttpMethods.Head], handler).ExcludeFromDescription().Requires(get.Metadata.GetRequiredMetadata<RightsRequirement>());
            var allowed = string.Join(", ", methods);
            all.UnionWith(methods);
            routes.MapMethods(path.Key, [HttpMethods.Options], (RequestDelegate)(context => AllowAsync(context, allowed))).ExcludeFromDescription().Requires(RightsRequirement.Open);
        }

        static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];

        Task AllowAsync(HttpContext context, string allowed)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = RequestTarget.PathOf(context) is "*" ? string.Join(", ", all) : allowed;
            return Task.CompletedTask;
        }
    }
}
