namespace KvStore.Server;

/// <summary>Swagger UI: the OpenAPI document as a page on which every operation can be tried.</summary>
internal static class SwaggerUi
{
    public const string Path = "/swagger";

    // The page is of this service, because the package's own evaluates text as script. Of the package are only the files that it loads.
    private const string Page = "page.html";

    /// <summary>
    /// Scripts and styles of files alone. Images are also in styles (data), and of stored values that were read and are shown (blob).
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(WebApplication app)
    {
        // In a branch of its own because Swagger UI matches the path of every request that it sees against regular expressions.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), branch => branch.Use(next => context =>
        {
            if (!IsServed(context.Request.Path.Value!))
                return Problems.NoSuchResource(context.Request.Path.ToUriComponent()).WriteAsync(context);
            PageHeaders.Set(context.Response, ContentSecurityPolicy);
            return next(context);
        }).UseSwaggerUI(options =>
        {
            options.RoutePrefix = Path[1..];
            options.IndexStream = () => Open(Page);
        }));
        MapFile(app, "page.js", "text/javascript; charset=utf-8");
        MapFile(app, "page.css", "text/css; charset=utf-8");
        app.MapGet("/", context =>
        {
            context.Response.Redirect(context.Request.PathBase + Path);
            return Task.CompletedTask;
        }).Requires(RightsRequirement.Open);
    }

    private static void MapFile(WebApplication app, string name, string contentType)
    {
        using var file = Open(name);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        app.MapGet($"{Path}/{name}", context =>
        {
            // Revalidated each time, so that a page never runs the script of another release.
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.ContentType = contentType;
            return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
        }).Requires(RightsRequirement.Open);
    }

    private static Stream Open(string name) => typeof(SwaggerUi).Assembly.GetManifestResourceStream(name)!;

    /// <summary>
    /// Not what would only matter to the package's own page. And Swagger UI redirects /swagger/%0A to a location with that line break in it,
    /// which is not a valid header.
    /// </summary>
    private static bool IsServed(string path) => !path.EndsWith("/index.js", StringComparison.OrdinalIgnoreCase) && path.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0;
}
