namespace KvStore.Server;

/// <summary>The order of the middleware, which is that of a request from the web server to its endpoint. Each says itself why it is where it is.</summary>
internal static class RequestPipeline
{
    /// <summary>Adds all of it. Those that the settings do not ask for add nothing.</summary>
    public static void Use(WebApplication app)
    {
        RequestBoundary.Use(app);
        TrustedProxies.Use(app);
        PathBaseMapping.Use(app);
        BrowserRules.Use(app);
        CrossOriginAccess.Use(app);
        OperationsListener.Use(app);
        KeyRouting.Use(app);
        app.UseRouting();
        TokenAuthentication.Prepare(app.Services);
        app.UseAccess();
        RateLimiting.Use(app);
    }
}
