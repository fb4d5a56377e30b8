namespace KvStore.Server;

/// <summary>CORS: what the pages of <see cref="AllowedOrigins"/> may do, which is everything that other clients may.</summary>
internal static class CrossOriginAccess
{
    private static readonly TimeSpan PreflightMaxAge = TimeSpan.FromMinutes(10);

    private static readonly string[] Methods =
        [HttpMethods.Get, HttpMethods.Head, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Post, HttpMethods.Delete];

    /// <summary>The headers of answers that a page may read, besides those that every page may. The OpenAPI document has them all.</summary>
    public static readonly IReadOnlyList<string> ExposedHeaders =
    [
        "ETag", ResponseHeaders.Revision, StoreIdHeader.Name, ResponseHeaders.Expires, ResponseHeaders.StateAge, ResponseHeaders.Version, "Idempotency-Replayed", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
        "WWW-Authenticate", "Accept-Patch", "Accept-Ranges", "Accept-Encoding", "Allow", "Vary", "Age", "Cache-Status", OriginProblems.LoadToken,
    ];

    /// <summary>Adds the middleware if there are such origins; otherwise requests do not pay for it. After <see cref="BrowserRules"/>.</summary>
    public static void Use(WebApplication app)
    {
        var origins = app.Services.GetRequiredService<AllowedOrigins>();
        if (!origins.Any)
            return;
        app.UseCors(policy => policy
            .SetIsOriginAllowed(origins.Contains)
            .WithMethods(Methods)
            .AllowAnyHeader()
            .WithExposedHeaders([.. ExposedHeaders])
            .SetPreflightMaxAge(PreflightMaxAge));
    }
}
