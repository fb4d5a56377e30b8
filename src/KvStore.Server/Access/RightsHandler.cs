using Microsoft.AspNetCore.Authorization;

namespace KvStore.Server;

/// <summary>Decides the authorization policies of endpoints. Every use of the right to administer is logged.</summary>
internal sealed class RightsHandler(ILoggerFactory loggers) : AuthorizationHandler<RightsRequirement>
{
    private readonly ILogger _logger = loggers.CreateLogger("KvStore.Server.Access");

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RightsRequirement requirement)
    {
        if (requirement.IsOpen)
        {
            context.Succeed(requirement);
        }
        else if (context.User is Principal { IsRevoked: false } principal && requirement.IsMetBy(principal.Rights))
        {
            context.Succeed(requirement);
            if (requirement.IsAdmin && context.Resource is HttpContext { Request: { } request })
                _logger.AdminRightUsed(principal.Name, request.Method, request.Path.ToUriComponent());
        }

        return Task.CompletedTask;
    }
}
