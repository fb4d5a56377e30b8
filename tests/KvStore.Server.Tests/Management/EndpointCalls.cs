using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Calls an endpoint without a connection, for moments when none can be made.</summary>
internal static class EndpointCalls
{
    public static RequestDelegate GetServiceEndpoint(this IServiceProvider services, string path) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().First(endpoint => endpoint.RoutePattern.RawText == path).RequestDelegate!;

    public static async Task<int> StatusAsync(this RequestDelegate endpoint, IServiceProvider services)
    {
        var context = new DefaultHttpContext { RequestServices = services };
        await endpoint(context);
        return context.Response.StatusCode;
    }
}
