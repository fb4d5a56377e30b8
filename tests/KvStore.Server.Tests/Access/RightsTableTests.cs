using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>The table of rights in docs/security.md, the endpoints, and the OpenAPI document say the same.</summary>
public sealed partial class RightsTableTests(AuthenticationTests.Keyed keyed) : IClassFixture<AuthenticationTests.Keyed>
{
    private readonly KvServer _server = keyed.Server;

    private IEnumerable<(string Method, string Path, RightsRequirement Rights)> Operations =>
        from endpoint in _server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<ApiOperation>() is not null
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select (method, endpoint.RoutePattern.RawText!, endpoint.Metadata.GetRequiredMetadata<RightsRequirement>());

    [Fact]
    public void Table_EveryEndpoint_HasItsRights()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));
        var table = Row().Matches(document).Select(row => $"{row.Groups["endpoint"].Value}: {row.Groups["rights"].Value}");
        var endpoints = Operations.Where(operation => operation.Method != "HEAD").Select(operation => $"{operation.Method} {operation.Path}: {operation.Rights}");
        Assert.Equal(endpoints.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Head_EveryEndpoint_NeedsWhatGetNeeds()
    {
        var gets = Operations.Where(operation => operation.Method == "GET").ToDictionary(operation => operation.Path, operation => operation.Rights.ToString());
        var heads = Operations.Where(operation => operation.Method == "HEAD").ToDictionary(operation => operation.Path, operation => operation.Rights.ToString());
        Assert.Equal(gets, heads);
    }

    [Fact]
    public async Task Document_EveryOperation_HasItsSecurity()
    {
        var document = (await _server.Client.GetAsync("/openapi/v1.json")).Expect(200).Json;
        Assert.Equal(["bearer", "apiKey"], document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(scheme => scheme.Name));
        foreach (var (method, path, rights) in Operations)
        {
            var security = document.GetProperty("paths").GetProperty(path).GetProperty(method.ToLowerInvariant()).GetProperty("security");
            Assert.Equal((method, path, rights.IsOpen ? "[]" : """[{"bearer":[]},{"apiKey":[]}]"""), (method, path, string.Concat(security.GetRawText().Where(c => !char.IsWhiteSpace(c)))));
        }
    }

    [GeneratedRegex(@"^\| `(?<endpoint>[A-Z]+ /[^`]*)` \| (?<rights>[a-z, ]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
