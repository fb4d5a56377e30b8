using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>The documents below /docs: every problem leads to its explanation, and every link leads somewhere.</summary>
public sealed partial class DocumentEndpointsTests(KvServer server) : IClassFixture<KvServer>
{
    public static TheoryData<string> Paths => [.. Documents.Read().Paths];

    [Fact]
    public async Task Get_TypeOfEveryProblem_HasAnchorOnPage()
    {
        var slugs = ApiDocs.ProblemTypes.Where(type => OpenApiTests.Slugs.Contains(type.Split('#')[1])).ToArray();
        Assert.True(slugs.Length >= 15, $"{slugs.Length} problems");
        var pages = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in slugs)
        {
            var (path, anchor) = (type.Split('#')[0], type.Split('#')[1]);
            if (!pages.TryGetValue(path, out var html))
                pages.Add(path, html = (await server.Client.GetAsync(path)).Expect(200).Text);
            Assert.Contains($"id=\"{anchor}\"", html, StringComparison.Ordinal);
        }
    }

    // The type is a reference that a client resolves against the address that it asked.
    [Fact]
    public async Task Problem_TypeResolvedAgainstRequest_IsServed()
    {
        var target = "/v1/kv/a/b/c";
        var type = (await server.Client.GetAsync(target)).ExpectProblem(404, "not-found").Json.GetProperty("type").GetString()!;
        var page = new Uri(new Uri("http://localhost" + target), type);
        Assert.Contains($"id=\"{page.Fragment[1..]}\"", (await server.Client.GetAsync(page.AbsolutePath)).Expect(200).Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Get_EveryLink_Resolves(string path)
    {
        var html = (await server.Client.GetAsync(path)).Expect(200).Text;
        foreach (var link in Link().Matches(html).Select(match => match.Groups[1].Value).Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
        {
            var target = new Uri(new Uri("http://localhost" + path), link);
            var answer = target.AbsolutePath == path ? html
                : target.AbsolutePath == "/swagger" ? "" : (await server.Client.GetAsync(target.AbsolutePath)).Expect(200).Text;
            Assert.True(target.Fragment.Length == 0 || answer.Contains($"id=\"{target.Fragment[1..]}\"", StringComparison.Ordinal), $"{path}: {link}");
            Assert.DoesNotContain(".md", target.AbsolutePath, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Get_FailedCondition_HasItsProblem() =>
        (await server.Client.GetAsync("/docs/http-api", ("If-Match", "\"0\""))).ExpectProblem(412, "precondition-failed");

    [Fact]
    public async Task Get_Index_NamesTitlesAndDecisionsLast()
    {
        var links = Entry().Matches((await server.Client.GetAsync("/docs")).Expect(200).Text).Select(match => match.Groups[2].Value).ToArray();
        Assert.Equal(Documents.Read().Paths.Count() - 1, links.Length);
        Assert.Contains("HTTP API", links);
        var decisions = links.SkipWhile(title => !char.IsAsciiDigit(title[0])).ToArray();
        Assert.StartsWith("1. ", decisions[0], StringComparison.Ordinal);
        Assert.All(decisions, title => Assert.True(char.IsAsciiDigit(title[0])));
    }

    [Fact]
    public void Page_Picture_IsItsText()
    {
        var html = MarkdownPage.Of("# Title\n\n![How GET grows](images/growth.svg)\n", "/docs/page", new HashSet<string>(), "");
        Assert.Contains("<p>How GET grows</p>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Page_IsHtmlThatRunsNothing()
    {
        var page = (await server.Client.GetAsync("/docs/http-api")).Expect(200);
        Assert.Equal("text/html; charset=utf-8", page.ContentType);
        Assert.Equal("no-cache", page.Header("Cache-Control"));
        Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("<table>", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page.Text, StringComparison.Ordinal);
        var head = (await server.Client.SendAsync("HEAD", "/docs/http-api", null)).Expect(200);
        Assert.Equal((page.Header("ETag"), page.Header("Content-Length")), (head.Header("ETag"), head.Header("Content-Length")));
    }

    [Fact]
    public async Task Get_KnownETag_IsNotModified()
    {
        var etag = (await server.Client.GetAsync("/docs/operations")).Expect(200).Header("ETag")!;
        Assert.Empty((await server.Client.SendAsync("GET", "/docs/operations", null, ("If-None-Match", etag))).Expect(304).Body);
    }

    [Theory]
    [InlineData("/docs/nothing")]
    [InlineData("/docs/nothing.md")]
    [InlineData("/docs/adr")]
    public async Task Get_Unknown_IsNoSuchResource(string path) => (await server.Client.GetAsync(path)).ExpectProblem(404, "no-such-resource");

    [Fact]
    public async Task Get_NameOfFile_LeadsToPage()
    {
        using var raw = await server.ConnectAsync();
        Assert.Equal("/docs/http-api", (await raw.RequestAsync("GET", "/docs/http-api.md", "")).Expect(302).Header("Location"));
    }

    [Fact]
    public async Task Post_Page_IsMethodNotAllowed() =>
        Assert.Equal("GET, HEAD, OPTIONS", (await server.Client.SendAsync("POST", "/docs/http-api", null)).ExpectProblem(405, "method-not-allowed").Header("Allow"));

    [GeneratedRegex("<li><a href=\"([^\"]+)\">([^<]+)</a></li>")]
    private static partial Regex Entry();

    [GeneratedRegex("href=\"([^\"]+)\"")]
    private static partial Regex Link();
}
