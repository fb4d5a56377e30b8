namespace KvStore.Server;

/// <summary>The headers of every page of this service, and of what a page loads.</summary>
internal static class PageHeaders
{
    /// <param name="response">The answer with the page.</param>
    /// <param name="contentSecurityPolicy">What the page may load and run. It must not allow inline scripts, eval, or frames around it.</param>
    public static void Set(HttpResponse response, string contentSecurityPolicy)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = contentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";

        // A key that is typed in here is out of reach of the window that opened the page, and its address of the sites that it links to.
        headers["Cross-Origin-Opener-Policy"] = ResponseHeaders.SameOrigin;
        headers[ResponseHeaders.ResourcePolicy] = ResponseHeaders.SameOrigin;
        headers["Referrer-Policy"] = "no-referrer";
    }
}
