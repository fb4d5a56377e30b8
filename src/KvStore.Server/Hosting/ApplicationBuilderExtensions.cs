
namespace KvStore.Server;

/// <summary>What every request passes through.</summary>
internal static class ApplicationBuilderExtensions
{
    /// <summary>Answers every error with a problem, and logs what needs to be known. Goes before everything else.</summary>
    public static void UseRequestBoundary(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<RequestLog>();
        var options = app.Services.GetRequiredService<KvStoreOptions>();
        app.Services.GetRequiredService<RejectedRequests>().Subscribe();
        app.Use(next => new RequestBoundary(next, log, options).InvokeAsync);
    }
}
