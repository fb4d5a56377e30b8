namespace KvStore.Server;

/// <summary>GET and HEAD /docs and below: the <see cref="Documents"/>. Not in the OpenAPI document, as Swagger UI is not.</summary>
internal static class DocumentEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        // Rendered by the first request for one of them, so that a start does not wait for it.
        var pathBase = routes.ServiceProvider.GetRequiredService<KvStoreOptions>().PathBase.TrimEnd('/');
        var documents = new SingleFlight<Documents>(() => Task.FromResult(Documents.Read(pathBase)));
        routes.MapMethods(Documents.Root + "/{**page}", Methods, async context => await AnswerAsync(context, await documents.GetAsync())).Requires(RightsRequirement.Open);
    }

    private static Task AnswerAsync(HttpContext context, Documents documents)
    {
        var path = Documents.Root + (context.GetRouteValue("page") is string { Length: > 0 } page ? "/" + page : "");
        if (documents.Find(path) is not { } found)
        {
            // The name of the file, as other documents and the source have it. A browser keeps the fragment.
            if (path.EndsWith(".md", StringComparison.Ordinal) && documents.Find(path[..^3]) is not null)
            {
                context.Response.Redirect(context.Request.PathBase + path[..^3]);
                return Task.CompletedTask;
            }

            return Problems.NoSuchResource(context.Request.Path.ToUriComponent()).WriteAsync(context);
        }

        PageHeaders.Set(context.Response, MarkdownPage.ContentSecurityPolicy);
        return found.AnswerAsync(context);
    }
}
