using Microsoft.AspNetCore.Http.Features.Authentication;

namespace KvStore.Server;

/// <summary>
/// Lets a request pass whose key meets the authorization policy of its endpoint. Every other one, and every other credential, goes to ASP.NET
/// Core's authentication and authorization, which decide by the same policy and the same keys, and answer.
/// </summary>
/// <remarks>
/// Only because those two make a scope of services, a ticket and a context of authorization for each request. What passes here passes there, because a <see cref="RightsRequirement"/> is all that a policy has
/// (<see cref="AccessPipeline.RequireRights"/>).
/// </remarks>
internal sealed class AccessMiddleware(AccessMiddleware.Following following, KeyRing keys, AdminLog log)
{
    public Task InvokeAsync(HttpContext context)
    {
        // Without: the router answers 404 or 405, or Swagger UI serves its own files, which are open.
        if (context.GetEndpoint()?.Metadata.GetMetadata<RightsRequirement>() is not { } requirement)
            return following.Authorized(context);
        var principal = keys.Find(context) ?? Principal.Anonymous;
        if (!requirement.IsMetBy(principal.Rights))
            return following.Authorizing(context);
        context.Features[typeof(IHttpAuthenticationFeature)] = principal;
        if (requirement.IsAdmin)
            log.Used(principal, context);
        return following.Authorized(context);
    }

    /// <summary>What follows in the pipeline: for a request that passes, and for one that does not.</summary>
    public sealed record Following(RequestDelegate Authorized, RequestDelegate Authorizing);
}
