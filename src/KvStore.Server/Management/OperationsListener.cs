namespace KvStore.Server;

/// <summary>What the operators' listener serves: requests that cost little, whatever the state of the service. Anything else there is 404.</summary>
internal static class OperationsListener
{
    // The status, too: people need it most when clients keep them out, and it changes nothing.
    private static readonly string[] Paths = ["/livez", "/readyz", "/metrics", "/v1/status", "/v1/cluster"];

    /// <summary>Adds the middleware if there is such a listener; otherwise requests do not pay for it.</summary>
    public static void Use(WebApplication app)
    {
        if (app.Services.GetRequiredService<OperationsEndPoints>().Any)
            app.Use(next => context => context.Features.Get<OperationsConnection>() is null || IsServed(context.Request) ? next(context) : RejectAsync(context));
    }

    private static bool IsServed(HttpRequest request) => Array.Exists(Paths, path => request.Path.Equals(path, StringComparison.OrdinalIgnoreCase));

    private static Task RejectAsync(HttpContext context)
    {
        var problem = Problems.NoSuchResource(RequestLog.PathOf(context));
        return (problem with { Detail = $"The operators' listener serves only {string.Join(", ", Paths)}. Everything else is served at the addresses for clients." }).WriteAsync(context);
    }
}
