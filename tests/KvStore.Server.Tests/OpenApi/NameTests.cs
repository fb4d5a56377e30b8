using System.Text.Json;
using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>The members and parameters that the OpenAPI document declares have one spelling.</summary>
public sealed partial class NameTests(KvServer server) : IClassFixture<KvServer>
{
    // The original service had this one.
    private const string OriginalMember = "updatedAt";

    [Fact]
    public async Task Document_EveryName_IsLowerCaseWithUnderscores()
    {
        var document = (await server.Client.GetAsync("/openapi/v1.json")).Expect(200).Json;
        var names = Find(document, "properties").SelectMany(properties => properties.EnumerateObject().Select(property => property.Name))
            .Concat(Find(document, "parameters").Where(parameters => parameters.ValueKind == JsonValueKind.Array).SelectMany(parameters => parameters.EnumerateArray())
                .Where(parameter => parameter.TryGetProperty("in", out var place) && place.GetString() == "query").Select(parameter => parameter.GetProperty("name").GetString()!))
            .ToHashSet();

        Assert.Contains("oldest_revision", names);
        Assert.Contains("count_only", names);
        Assert.All(names.Except([OriginalMember]), name => Assert.Matches(Name(), name));
    }

    private static IEnumerable<JsonElement> Find(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Find(item, name)),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == name ? Find(member.Value, name).Prepend(member.Value) : Find(member.Value, name)),
        _ => [],
    };

    [GeneratedRegex("^[a-z0-9]+(_[a-z0-9]+)*$")]
    private static partial Regex Name();
}
