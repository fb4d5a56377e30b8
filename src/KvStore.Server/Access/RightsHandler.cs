using Microsoft.AspNetCore.Authorization;

namespace KvStore.Server;

/// <summary>Decides the authorization policies of endpoints for ASP.NET Core.</summary>
internal sealed class RightsHandler(AdminLog log) : AuthorizationHandler<RightsRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RightsRequirement requirement)
    {
        var principal = context.User as Principal ?? Principal.Anonymous;
        if (!principal.IsRevoked && requirement.IsMetBy(principal.Rights))
        {
            context.Succeed(requirement);
            if (requirement.IsAdmin && context.Resource is HttpContext request)
                log.Used(principal, request);
        }

        return Task.CompletedTask;
    }
}
