using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>
/// What a browser and the makers of clients get of the native program, they get of the ordinary build, byte by byte. So the tests of the OpenAPI
/// document and of Swagger UI need only one of the two.
/// </summary>
public sealed partial class OrdinaryBuildTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_OfOrdinaryBuild_AreThoseOfNativeProgram()
    {
        Assert.SkipWhen(Repository.NativeServer is null, "This compares the native program, which ./test.sh without options makes.");
        await using var native = await ServerProcess.StartAsync();
        await using var ordinary = await ServerProcess.StartOrdinaryAsync();
        using var client = new HttpClient();

        var targets = new Queue<string>(["/openapi/v1.json", "/swagger/index.html", "/docs"]);
        var seen = targets.ToHashSet();
        while (targets.TryDequeue(out var target))
        {
            var page = await GetAsync(client, native, target);
            Assert.Equal(page, await GetAsync(client, ordinary, target));
            foreach (var reference in page.Type == "text/html" ? ReferencePattern().Matches(page.Text).Select(match => match.Groups[1].Value) : [])
            {
                var next = new Uri(new Uri(native.Address, page.Path), reference);
                if (next.Authority == native.Address.Authority && seen.Add(next.AbsolutePath))
                    targets.Enqueue(next.AbsolutePath);
            }
        }

        Assert.InRange(seen.Count, 15, 100);
    }

    private static async Task<(string Path, string? Type, string Text)> GetAsync(HttpClient client, ServerProcess server, string target)
    {
        using var response = await client.GetAsync(new Uri(server.Address, target), Cancellation);
        Assert.True(response.IsSuccessStatusCode, $"{target}: {response.StatusCode}");
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        return (response.RequestMessage!.RequestUri!.AbsolutePath, response.Content.Headers.ContentType?.MediaType, text.Replace(server.Address.Authority, "authority", StringComparison.Ordinal));
    }

    [GeneratedRegex("(?:href|src)=\"([^\"#]+)")]
    private static partial Regex ReferencePattern();
}
