namespace KvStore.Server;

/// <summary>Swagger UI: the OpenAPI document as a page on which every operation can be tried.</summary>
internal static class SwaggerUi
{
    public const string Path = "/swagger";

    // What the page does beyond Swagger UI.
    private const string PluginFile = "page.js";
    private const string PluginName = "KvStorePlugin";

    // No answer has links. And Swagger UI lays parameters and answers out side by side whatever the width, which a phone has not.
    private const string Style = """
        <style>
        .swagger-ui .response-col_links { display: none }
        .swagger-ui .info a, .swagger-ui .opblock-description a { overflow-wrap: anywhere }
        @media (max-width: 640px) {
            .swagger-ui .wrapper { padding: 0 8px }
            .swagger-ui .scheme-container { padding: 12px 0 }
            .swagger-ui .opblock-summary-path { max-width: 100%; overflow-wrap: anywhere; word-break: normal }
            .swagger-ui .opblock-summary-description, .swagger-ui .opblock-tag small { display: none }
            .swagger-ui table.parameters, .swagger-ui table.parameters tbody, .swagger-ui table.parameters tr, .swagger-ui table.parameters td { display: block; width: auto }
            .swagger-ui table.parameters thead { display: none }
            .swagger-ui .parameters-col_description, .swagger-ui .parameters-col_description input { max-width: 100%; width: 100% }
            .swagger-ui .responses-inner, .swagger-ui .opblock-description-wrapper, .swagger-ui .table-container { padding: 8px; overflow-x: auto }
        }
        </style>
        """;

    public static void Map(WebApplication app)
    {
        // In a branch of its own because Swagger UI matches the path of every request that it sees against regular expressions.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), branch => branch.Use(next => context => HasControlCharacter(context.Request.Path.Value)
            ? Problems.NoSuchResource(context.Request.Path.ToUriComponent()).WriteAsync(context)
            : next(context)).UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint(ApiDocument.Path, "KvStore");
            options.RoutePrefix = Path[1..];
            options.DocumentTitle = "KvStore";
            options.HeadContent = Style;
            options.EnableTryItOutByDefault();
            options.DefaultModelsExpandDepth(0);
            options.InjectJavascript("./" + PluginFile);
            options.ConfigObject.Plugins = [PluginName];
        }));
        var plugin = ReadPlugin();
        app.MapGet($"{Path}/{PluginFile}", context =>
        {
            // Revalidated each time, so that a page never runs the plugin of another release.
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.ContentType = "text/javascript; charset=utf-8";
            return context.Response.Body.WriteAsync(plugin, context.RequestAborted).AsTask();
        }).Requires(RightsRequirement.Open);
        app.MapGet("/", context =>
        {
            context.Response.Redirect(Path);
            return Task.CompletedTask;
        }).Requires(RightsRequirement.Open);
    }

    private static byte[] ReadPlugin()
    {
        using var file = typeof(SwaggerUi).Assembly.GetManifestResourceStream(PluginFile)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Swagger UI redirects /swagger/%0A to a location with that line break in it, which is not a valid header.</summary>
    private static bool HasControlCharacter(string? path) => path.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0;
}
