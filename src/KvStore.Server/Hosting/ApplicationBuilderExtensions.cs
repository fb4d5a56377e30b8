namespace KvStore.Server;

/// <summary>The outermost middleware.</summary>
internal static class ApplicationBuilderExtensions
{
    public static void UseRequestBoundary(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<RequestLog>();
        var options = app.Services.GetRequiredService<KvStoreOptions>();
        app.Services.GetRequiredService<RejectedRequests>().Subscribe();
        app.Use(next => new RequestBoundary(next, log, options).InvokeAsync);
    }
}
