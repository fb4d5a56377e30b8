using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>
/// The OpenAPI document is complete, and docs/http-api.md explains every problem in it. That it declares every answer that is
/// really given is asserted by <see cref="Contract"/>, on each answer that any test gets.
/// </summary>
public sealed class OpenApiTests(KvServer server) : IClassFixture<KvServer>
{
    /// <summary>The names of all problems of the service.</summary>
    internal static IReadOnlySet<string> Slugs { get; } = ProblemsOfTheService().Select(problem => problem.Slug).ToHashSet(StringComparer.Ordinal);

    [Fact]
    public async Task Document_IsOpenApi31AndHasEveryEndpoint()
    {
        var document = await DocumentAsync();
        Assert.StartsWith("3.1.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        string[] expected =
        [
            "delete /v1/kv/{key}", "get /person/get", "get /v1/kv", "get /v1/kv/{key}", "head /person/get", "head /v1/kv", "head /v1/kv/{key}", "put /person/update", "put /v1/kv/{key}",
            "get /v1/export", "post /v1/batch/get", "post /v1/import", "post /v1/txn",
        ];
        Assert.Superset(expected.ToHashSet(StringComparer.Ordinal), Operations(document).Select(operation => operation.Name).ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_EveryOperation_IsDescribed()
    {
        var operations = Operations(await DocumentAsync()).ToArray();
        Assert.Equal(operations.Length, operations.Select(operation => Text(operation.Value, "operationId")).Distinct().Count());
        foreach (var (name, operation) in operations)
        {
            Assert.False(string.IsNullOrWhiteSpace(Text(operation, "summary")), name);
            Assert.False(string.IsNullOrWhiteSpace(Text(operation, "description")), name);
            Assert.False(string.IsNullOrWhiteSpace(Text(operation, "operationId")), name);
            if (!operation.TryGetProperty("parameters", out var parameters))
                continue;
            foreach (var parameter in parameters.EnumerateArray())
                Assert.False(string.IsNullOrWhiteSpace(Text(parameter, "description")), $"{name}: {parameter}");
        }
    }

    // What a request says of a parameter that it does not know names all that it does.
    [Fact]
    public async Task Document_QueryParameters_AreThoseAccepted()
    {
        var operations = Operations(await DocumentAsync()).ToDictionary(operation => operation.Name, operation => operation.Value);
        foreach (var request in Samples.WithQuery.Where(request => request.Method != "HEAD"))
        {
            var name = request.Operation.Replace(request.Method, request.Method.ToLowerInvariant(), StringComparison.Ordinal);
            var documented = operations[name].TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(parameter => Text(parameter, "in") == "query").Select(parameter => Text(parameter, "name")!)
                : [];
            var detail = (await request.WithQuery("parametre=1").SendAsync(server)).ExpectProblem(400, "malformed-request", "parametre").Json.GetProperty("detail").GetString()!;
            var understood = detail.Contains("these are: ", StringComparison.Ordinal) ? detail.Split("these are: ")[1].TrimEnd('.').Split(", ") : [];
            Assert.Equal((name, string.Join(", ", understood.Order(StringComparer.Ordinal))), (name, string.Join(", ", documented.Order(StringComparer.Ordinal))));
        }
    }

    [Fact]
    public async Task Document_EveryError_HasExample()
    {
        var document = await DocumentAsync();
        foreach (var (name, operation) in Operations(document))
        {
            foreach (var response in operation.GetProperty("responses").EnumerateObject())
            {
                var answer = OpenApiReferences.Resolve(document, response.Value);
                Assert.False(string.IsNullOrWhiteSpace(Text(answer, "description")), $"{name} {response.Name}");
                if (int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture) < 400 || name.StartsWith("head ", StringComparison.Ordinal))
                    continue;
                var example = answer.GetProperty("content").GetProperty(Problem.ContentType).GetProperty("example");
                Assert.Equal(response.Name, example.GetProperty("status").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture));
                Assert.Contains(example.GetProperty("type").GetString()!, ApiDocs.ProblemTypes);
            }
        }
    }

    [Fact]
    public async Task Document_Info_HasVersionOfProgram() =>
        Assert.Equal(ServiceVersion.Text, Text((await DocumentAsync()).GetProperty("info"), "version"));

    [Fact]
    public async Task Document_Groups_AreDescribedInOrderOfUse()
    {
        var document = await DocumentAsync();
        var tags = document.GetProperty("tags").EnumerateArray().ToArray();
        Assert.Equal(["Entries", "Mergeable", "Listing", "Bulk", "Transactions", "Watch", "Origins", "Operations", "Compatibility"], tags.Select(tag => Text(tag, "name")));
        Assert.All(tags, tag => Assert.NotEmpty(Text(tag, "description")!));
        Assert.All(Operations(document), operation => Assert.Contains(Assert.Single(operation.Value.GetProperty("tags").EnumerateArray()).GetString(), tags.Select(tag => Text(tag, "name"))));
    }

    [Fact]
    public async Task Document_EveryReference_Resolves()
    {
        var document = await DocumentAsync();
        Assert.All(References(document), reference => OpenApiReferences.Find(document, reference));
    }

    [Fact]
    public void Document_EveryProblem_HasHeading()
    {
        Assert.True(Slugs.Count >= 15, $"{Slugs.Count} problems");
        Assert.All(Slugs, slug => Assert.Contains(slug, ApiDocs.Headings));
    }

    // Every method of Problems is called with something, so that one that is added later cannot be forgotten here.
    private static IEnumerable<Problem> ProblemsOfTheService()
    {
        foreach (var method in typeof(Problems).GetMethods().Where(method => method.ReturnType == typeof(Problem) && method.Name != nameof(Problems.OfStatus)))
        {
            object?[] arguments = [.. method.GetParameters().Select(parameter => SomethingOf(parameter.ParameterType))];
            yield return (Problem)method.Invoke(null, arguments)!;
        }

        for (var status = 400; status < 600; status++)
            yield return Problems.OfStatus(status, "text");
    }

    private static object? SomethingOf(Type type) => type == typeof(string) ? "text" : type.IsValueType ? Activator.CreateInstance(type) : Array.Empty<FailedMember>();

    private static IEnumerable<(string Name, JsonElement Value)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select ($"{operation.Name} {path.Name}", operation.Value);

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.NameEquals("$ref") ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private async Task<JsonElement> DocumentAsync() => (await server.Client.GetAsync("/openapi/v1.json")).Expect(200).Json;
}
