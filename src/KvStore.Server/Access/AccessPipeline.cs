using Microsoft.AspNetCore.Authorization;

namespace KvStore.Server;

/// <summary>Authentication and authorization by ASP.NET Core. Only where keys are configured: a service without them pays nothing.</summary>
internal static class AccessPipeline
{
    /// <summary>Whether requests need a key, or a token.</summary>
    public static bool IsConfigured(IConfiguration configuration) =>
        KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.Keys)) || KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.JwtAuthority));

    /// <summary>Registers the parts, if requests need a key.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        if (!IsConfigured(configuration))
            return services;
        services.AddSingleton<KeyRing>();
        services.AddSingleton<AdminLog>();
        services.AddAuthenticationCore(options =>
        {
            options.AddScheme<KeyAuthenticationHandler>(KeyAuthenticationHandler.Scheme, displayName: null);
            options.DefaultScheme = KeyAuthenticationHandler.Scheme;
        });
        services.AddTransient<KeyAuthenticationHandler>();
        services.AddAuthorization();
        services.AddSingleton<IAuthorizationHandler, RightsHandler>();
        return services;
    }

    /// <summary>Adds the middleware, after routing and before all that answers, if requests need a key.</summary>
    /// <exception cref="InvalidSettingsException">The key file is not acceptable.</exception>
    public static void UseAccess(this WebApplication app)
    {
        if (!IsOn(app.Services))
            return;

        // The pipeline is built from its end, so what follows authorization is known before what comes first. A branch of its own would have
        // the framework add authentication once more, for every request.
        RequestDelegate authorized = null!;
        app.Use(authorizing => ActivatorUtilities.CreateInstance<AccessMiddleware>(app.Services, new AccessMiddleware.Following(authorized, authorizing)).InvokeAsync);
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => authorized = next);
    }

    public static bool IsOn(IServiceProvider services) => services.GetService<KeyRing>() is not null;

    /// <summary>Says which rights an endpoint needs. Every endpoint does (<see cref="RequireRights"/>).</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, RightsRequirement requirement)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(requirement, requirement.Policy);

    /// <summary>Checks that every endpoint says which rights it needs, so that none is open by mistake.</summary>
    public static void RequireRights(this IEndpointRouteBuilder routes)
    {
        foreach (var endpoint in routes.DataSources.SelectMany(source => source.Endpoints))
        {
            var requirement = endpoint.Metadata.GetOrderedMetadata<RightsRequirement>();
            var policies = endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>();
            if (requirement.Count != 1 || policies.Count != 1 || policies[0] != requirement[0].Policy || endpoint.Metadata.Any(each => each is IAuthorizeData or IAllowAnonymous or IAuthorizationRequirementData))
                throw new NotSupportedException($"The endpoint {endpoint.DisplayName} does not say which rights it needs, once. Add {nameof(Requires)}, and no other authorization.");
        }
    }
}
