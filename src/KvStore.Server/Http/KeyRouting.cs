using System.Collections.Frozen;

namespace KvStore.Server.Http;

/// <summary>
/// Chooses the endpoint of every target below <see cref="RequestTarget.KeyPathPrefix"/> by its method alone, whatever the
/// key. A target that would have left the prefix or come to it by a <c>..</c> is among them: it gets the answer that it is
/// refused, not somebody else's page or entry.
/// </summary>
/// <remarks>
/// The router would decode the path and search all routes to find the only one that there can be. It leaves a request alone
/// that has its endpoint already; requests whose method no endpoint takes are left to it, for their 405.
/// </remarks>
internal static class KeyRouting
{
    /// <summary>A path that the router finds the entry endpoints by.</summary>
    private static readonly PathString AnyKeyPath = new(RequestTarget.KeyPathPrefix + "-");

    /// <summary>Marks an endpoint as one that takes keys.</summary>
    public static object Marker { get; } = new();

    /// <summary>Adds the middleware. Goes before routing.</summary>
    public static void UseKeyRouting(this WebApplication app)
    {
        var endpoints = new Lazy<FrozenDictionary<string, Endpoint>>(() => ByMethod(app));
        app.Use(next => context =>
        {
            if (!IsForKey(context))
                return next(context);
            if (endpoints.Value.TryGetValue(context.Request.Method, out var endpoint))
                context.SetEndpoint(endpoint);
            else
                context.Request.Path = AnyKeyPath;
            return next(context);
        });
    }

    private static bool IsForKey(HttpContext context) =>
        RequestTarget.PathOf(context).StartsWith(RequestTarget.KeyPathPrefix, StringComparison.Ordinal) ||
        context.Request.Path.Value?.StartsWith(RequestTarget.KeyPathPrefix, StringComparison.OrdinalIgnoreCase) == true;

    private static FrozenDictionary<string, Endpoint> ByMethod(IEndpointRouteBuilder routes) => routes.DataSources
        .SelectMany(source => source.Endpoints)
        .Where(endpoint => endpoint.Metadata.Contains(Marker))
        .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods, (endpoint, method) => (method, endpoint))
        .ToFrozenDictionary(pair => pair.method, pair => pair.endpoint);
}
