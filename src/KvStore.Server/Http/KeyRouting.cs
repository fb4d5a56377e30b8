using System.Collections.Frozen;

namespace KvStore.Server;

/// <summary>
/// Chooses the endpoint of every target below a prefix that keys stand after (<see cref="RequestTarget.KeyPathPrefix"/>,
/// <see cref="RequestTarget.CounterPathPrefix"/>) by its method alone, whatever the key. A target that would have left the prefix or
/// come to it by a <c>..</c> is among them: it gets the answer that it is refused, not somebody else's page or entry.
/// </summary>
/// <remarks>
/// The router would decode the path and search all routes to find the only one that there can be. It leaves a request alone
/// that has its endpoint already; requests whose method no endpoint takes are left to it, for their 405.
/// </remarks>
internal static class KeyRouting
{
    // The entries first, because nearly all requests are for them.
    private static readonly string[] Prefixes = [RequestTarget.KeyPathPrefix, RequestTarget.CounterPathPrefix];

    /// <summary>Adds the middleware. Goes before routing.</summary>
    public static void UseKeyRouting(this WebApplication app)
    {
        var resources = new Lazy<Resource[]>(() => [.. Prefixes.Select(prefix => Resource.Of(app, prefix))]);
        app.Use(next => context =>
        {
            var path = RequestTarget.PathOf(context);
            foreach (var resource in resources.Value)
            {
                if (!IsBelow(context, path, resource.Prefix))
                    continue;
                if (resource.Endpoints.TryGetValue(context.Request.Method, out var endpoint))
                    context.SetEndpoint(endpoint);
                else
                    context.Request.Path = resource.AnyPath;
                break;
            }

            return next(context);
        });
    }

    private static bool IsBelow(HttpContext context, ReadOnlySpan<char> path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) ||
        context.Request.Path.Value?.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>What is served below a prefix.</summary>
    /// <param name="Prefix">What stands before a key.</param>
    /// <param name="AnyPath">A path that the router finds its endpoints by.</param>
    /// <param name="Endpoints">The endpoints, by method.</param>
    private sealed record Resource(string Prefix, PathString AnyPath, FrozenDictionary<string, Endpoint> Endpoints)
    {
        public static Resource Of(IEndpointRouteBuilder routes, string prefix) => new(prefix, prefix + "-", routes.DataSources
            .SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith(prefix, StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods, (endpoint, method) => (method, endpoint))
            .ToFrozenDictionary(pair => pair.method, Endpoint (pair) => pair.endpoint));
    }
}
