namespace KvStore.Server;

/// <summary>
/// What one client may use, so that it leaves something to others: requests and bytes per second, watchers and transfers at a time. Open endpoints
/// are exempt, so that health checks always get an answer.
/// </summary>
internal sealed class RateLimiting(RequestDelegate next, KvStoreOptions options, Clients clients)
{
    private readonly ClientBounds _usual = ClientBounds.Of(options, Quotas.None);

    /// <summary>Adds the middleware after authorization, if there are limits, or keys that can have quotas.</summary>
    public static void Use(WebApplication app)
    {
        var options = app.Services.GetRequiredService<KvStoreOptions>();
        if (ClientBounds.Of(options, Quotas.None) == default && !AccessPipeline.IsOn(app.Services))
            return;
        var clients = app.Services.GetRequiredService<Clients>();
        app.Use(next => new RateLimiting(next, options, clients).InvokeAsync);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var principal = Access.Of(context);
        var bounds = ReferenceEquals(principal.Quotas, Quotas.None) ? _usual : ClientBounds.Of(options, principal.Quotas);
        if (bounds == default || context.GetEndpoint()?.Metadata.GetMetadata<RightsRequirement>() is not { IsOpen: false })
            return next(context);

        var key = ReferenceEquals(principal, Principal.Anyone) ? new ClientKey(null, AddressKey.OfAddress(context.Connection.RemoteIpAddress)) : new ClientKey(principal.Name, null);
        var use = clients.Of(key);
        var place = PlaceOf(context);
        var admitted = use.TryEnter(bounds, place);
        Describe(context.Response, bounds, admitted);
        if (admitted.Exhausted != Exhausted.Nothing)
            return Problems.RateLimited(DetailOf(admitted.Exhausted, bounds), TimeSpan.FromSeconds(admitted.Seconds)).WriteAsync(context);
        return bounds.BytesPerSecond is null && place == HeldPlace.None ? next(context) : FinishAsync(context, use, bounds, place);
    }

    private async Task FinishAsync(HttpContext context, ClientUse use, ClientBounds bounds, HeldPlace place)
    {
        var counted = bounds.BytesPerSecond is null ? null : CountedBodies.Of(context);
        try
        {
            await next(context);
        }
        finally
        {
            use.Leave(bounds, place, counted?.Bytes ?? 0);
        }
    }

    private static HeldPlace PlaceOf(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>() is not { } api)
            return HeldPlace.None;
        return api.WaitParameter is { } wait && context.Request.QueryString.HasValue && context.Request.Query.ContainsKey(wait) ? HeldPlace.Watcher : api.Holds;
    }

    // As draft-ietf-httpapi-ratelimit-headers-10 has them: the quota of a window of a second; what is left of it, and the seconds until there is more.
    private static void Describe(HttpResponse response, in ClientBounds bounds, in Admitted admitted)
    {
        if (bounds is { RequestsPerSecond: null, BytesPerSecond: null })
            return;
        var requests = bounds.RequestsPerSecond is { } perSecond ? string.Create(CultureInfo.InvariantCulture, $"\"requests\";q={perSecond};w=1") : null;
        var bytes = bounds.BytesPerSecond is { } bytesPerSecond ? string.Create(CultureInfo.InvariantCulture, $"\"bytes\";q={bytesPerSecond};w=1;qu=\"content-bytes\"") : null;
        response.Headers["RateLimit-Policy"] = requests is null || bytes is null ? requests ?? bytes : $"{requests}, {bytes}";
        requests = requests is null ? null : string.Create(CultureInfo.InvariantCulture, $"\"requests\";r={admitted.RequestsLeft};t={WaitOf(admitted, Exhausted.Requests)}");
        bytes = bytes is null ? null : string.Create(CultureInfo.InvariantCulture, $"\"bytes\";r={admitted.BytesLeft};t={WaitOf(admitted, Exhausted.Bytes)}");
        response.Headers["RateLimit"] = requests is null || bytes is null ? requests ?? bytes : $"{requests}, {bytes}";
    }

    private static long WaitOf(in Admitted admitted, Exhausted policy) => admitted.Exhausted == policy ? Math.Max(1, (long)Math.Ceiling(admitted.Seconds)) : 1;

    private static string DetailOf(Exhausted exhausted, in ClientBounds bounds) => exhausted switch
    {
        Exhausted.Requests => $"This client may make {bounds.RequestsPerSecond} requests per second.",
        Exhausted.Bytes => $"This client may send and receive {bounds.BytesPerSecond} bytes per second.",
        Exhausted.Watchers => $"This client may have {bounds.Watchers} watches and long polls at a time.",
        _ => $"This client may have {bounds.Transfers} exports and imports at a time.",
    };
}
