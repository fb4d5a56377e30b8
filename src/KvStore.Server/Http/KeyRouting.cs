using System.Collections.Frozen;

namespace KvStore.Server;

/// <summary>
/// Chooses the endpoint of every target below <see cref="RequestTarget.KeyPathPrefix"/> and the prefixes of other resources of one key by
/// its method alone, whatever the key. This includes targets with <c>..</c> segments: the router would resolve them to another path, so
/// the key parser rejects them. Whatever the target, a method counts only as it is defined: <c>delete</c> is none.
/// </summary>
/// <remarks>
/// Saves the router from decoding the path and searching all routes. It skips a request that has its endpoint already; requests
/// whose method has no endpoint are left to it, for their 405.
/// </remarks>
internal static class KeyRouting
{
    // No method, so that the router answers 405.
    private const string NoMethod = "-";

    // Entries first, because nearly all requests are for them.
    private static readonly string[] Prefixes = [RequestTarget.KeyPathPrefix, RequestTarget.CounterPathPrefix, RequestTarget.MergeablePathPrefix];

    /// <summary>Adds the middleware, before routing.</summary>
    public static void Use(WebApplication app)
    {
        var resources = new Lazy<Resource[]>(() => [.. Prefixes.Select(prefix => Resource.Of(app, prefix))]);
        app.Use(next =>
        {
            return context => IsAsDefined(context.Request.Method) ? RouteAsync(context) : RejectAsync(context, RouteAsync);

            Task RouteAsync(HttpContext context)
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
            }
        });
    }

    // Methods are case-sensitive (RFC 9110, section 9.1), but the router and the framework compare them without regard to case.
    private static bool IsAsDefined(string method) => ReferenceEquals(method, HttpMethods.Get) || ReferenceEquals(method, HttpMethods.Put) ||
        string.Equals(method, HttpMethods.GetCanonicalizedValue(method), StringComparison.Ordinal);

    private static async Task RejectAsync(HttpContext context, RequestDelegate routeAsync)
    {
        var method = context.Request.Method;
        context.Request.Method = NoMethod;
        await routeAsync(context);
        context.Request.Method = method;
    }

    private static bool IsBelow(HttpContext context, ReadOnlySpan<char> path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) ||
        context.Request.Path.Value?.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The endpoints below a prefix, by method, and a path with a stand-in key, by which the router finds the resource for its 405.</summary>
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
