namespace KvStore.Server;

/// <summary>
/// GET and HEAD of /ui and below: the console, a page that is a client of the HTTP API as any other. The page needs no key, as it is the same bytes
/// for everybody; what it shows does. Not in the OpenAPI document, as Swagger UI is not.
/// </summary>
internal static class ConsoleEndpoints
{
    public const string Root = "/ui";

    /// <summary>The files of the page and requests of its own address alone. Values that are pictures are shown from memory (blob).</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'";

    private const string Absent =
        "<!DOCTYPE html><html lang=\"en\"><title>KvStore</title><p>This build of the service has no console, because Node.js was missing where it was built: install Node.js 20.19 or later with npm, and build again.</p></html>\n";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds them, unless the operator wants no console.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var options = routes.ServiceProvider.GetRequiredService<KvStoreOptions>();
        if (options.Console == KvStoreOptions.ConsoleOff)
            return;

        // Read by the first request for one of them, so that a start does not wait for it.
        var files = new SingleFlight<ConsoleFiles>(() => Task.FromResult(ConsoleFiles.Read()));
        routes.MapMethods(Root + "/{**page}", Methods, async context => await AnswerAsync(context, await files.GetAsync())).Requires(RightsRequirement.Open);
        ConsoleSession.Map(routes, options);
    }

    private static Task AnswerAsync(HttpContext context, ConsoleFiles files)
    {
        // The addresses in the page are relative to it, so that it works below any path that a proxy shows the service at. So is this one.
        if (!context.Request.Path.Value!.StartsWith(Root + "/", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Redirect(Root[1..] + "/");
            return Task.CompletedTask;
        }

        var name = context.GetRouteValue("page") is string { Length: > 0 } page ? page : ConsoleFiles.Page;
        if (files.Find(name) is { } found)
        {
            PageHeaders.Set(context.Response, ContentSecurityPolicy);
            return found.AnswerAsync(context);
        }

        if (name != ConsoleFiles.Page)
            return Problems.NoSuchResource(context.Request.Path.ToUriComponent()).WriteAsync(context);
        PageHeaders.Set(context.Response, ContentSecurityPolicy);
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Text(Absent, "text/html", Encoding.UTF8).ExecuteAsync(context);
    }
}
