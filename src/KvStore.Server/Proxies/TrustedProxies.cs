using Microsoft.AspNetCore.HttpOverrides;

namespace KvStore.Server;

/// <summary>
/// The proxies that say on whose behalf they send: what their X-Forwarded-For and X-Forwarded-Proto say replaces the address and the scheme of
/// the connection, for logs and limits. From anyone else these headers have no effect.
/// </summary>
internal static class TrustedProxies
{
    /// <summary>Adds the middleware, if there are such proxies, before all that looks at addresses.</summary>
    public static void Use(WebApplication app)
    {
        if (!ProxySettings.TryParseNetworks(app.Services.GetRequiredService<KvStoreOptions>().TrustedProxies, out var networks) || networks.Count == 0)
            return;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,

            // As many as there are in a row, each of which must be trusted: the first that is not is the client.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        networks.ForEach(options.KnownIPNetworks.Add);
        app.UseForwardedHeaders(options);
    }
}
