namespace KvStore.Server;

/// <summary>
/// What a page of another site may not do through the browser of a person who can reach the service: address it by a name of its own, change
/// anything, or make a stored value a service worker. And no request comes through a proxy that the service does not expect. docs/security.md says why. Thread-safe.
/// </summary>
/// <remarks>
/// A browser is on loopback, or in the private network, as its user is, so this does not depend on where the service listens. Browsers send
/// Sec-Fetch-Site to trustworthy addresses, and Origin with everything that changes something: a request with neither is not from a page.
/// A request of an ordinary client costs the comparison of its host and a count of its headers, and no allocation.
/// </remarks>
/// <param name="hosts">The hosts of the service.</param>
/// <param name="origins">The origins of other pages that may use it.</param>
/// <param name="rejectsForwarded">Whether requests need no key and no proxy is expected: one that came through a proxy nevertheless is not from this machine.</param>
internal sealed class BrowserRules(AllowedHosts hosts, AllowedOrigins origins, bool rejectsForwarded)
{
    private const string Site = "Sec-Fetch-Site";
    private const string ServiceWorker = "Service-Worker";
    private const string Forwarded = "Forwarded";
    private const string ForwardedFor = "X-Forwarded-For";

    /// <summary>Adds the middleware, before everything that answers.</summary>
    public static void Use(WebApplication app)
    {
        var rules = app.Services.GetRequiredService<BrowserRules>();
        app.Use(next => context => rules.TryReject(context) is { } problem ? problem.WriteAsync(context) : next(context));
    }

    /// <summary>The problem of a request that the rules forbid, or null.</summary>
    public Problem? TryReject(HttpContext context)
    {
        var headers = context.Request.Headers;
        var host = (string?)headers.Host;
        if (!hosts.Admit(host))
            return Problems.MisdirectedRequest(host!);
        return UsualHeaders.AreAll(headers) ? null : TryReject(context.Request.Method, headers, host);
    }

    private Problem? TryReject(string method, IHeaderDictionary headers, string? host)
    {
        if (rejectsForwarded && headers.ContainsKey(Forwarded))
            return Problems.UnknownProxy(Forwarded);
        if (rejectsForwarded && headers.ContainsKey(ForwardedFor))
            return Problems.UnknownProxy(ForwardedFor);
        if (headers.ContainsKey(ServiceWorker))
            return Problems.ForeignOrigin("Nothing here is the script of a service worker: it would see what other pages of this service do.", ServiceWorker);
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method))
            return null;

        var origin = (string?)headers.Origin;
        if (origins.Contains(origin))
            return null;
        if (headers.TryGetValue(Site, out var site) && (string?)site is not ("same-origin" or "none"))
            return Problems.ForeignOrigin(Foreign, Site);
        return origin is null || IsOwn(origin, host) ? null : Problems.ForeignOrigin(Foreign, "Origin");
    }

    private const string Foreign =
        "A page of another site may not change anything here. If it may, have the operator add its origin to KvStore:AllowedOrigins. A proxy in between must pass on the Host header. Clients that are no browsers omit this header.";

    // Not the scheme, which is that of the proxy in front of the service.
    private static bool IsOwn(string origin, string? host)
    {
        var authority = origin.IndexOf("://", StringComparison.Ordinal);
        return authority > 0 && host is not null && origin.AsSpan(authority + 3).Equals(host, StringComparison.OrdinalIgnoreCase);
    }
}
