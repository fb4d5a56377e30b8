namespace KvStore.Server;

/// <summary>The path below which a proxy shows the service to its clients. Links begin with it, whether or not the proxy removes it from requests.</summary>
internal static class PathBaseMapping
{
    /// <summary>Adds the middleware, if there is such a path, before all that looks at paths.</summary>
    public static void Use(WebApplication app)
    {
        var pathBase = app.Services.GetRequiredService<KvStoreOptions>().PathBase;
        if (pathBase == ProxySettings.Root)
            return;
        app.Use(next => context =>
        {
            // Without it in the target, too: a proxy may remove it, and health checks come directly.
            var request = context.Request;
            request.PathBase = pathBase;
            if (RequestTarget.HasPathBase(context) && request.Path.StartsWithSegments(pathBase, StringComparison.Ordinal, out var rest))
                request.Path = rest;
            return next(context);
        });
    }
}
