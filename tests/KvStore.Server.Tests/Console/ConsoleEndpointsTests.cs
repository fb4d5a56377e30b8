using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>The console as the service has it: its page, what the page loads, and what it asks first. What the page does is tested in tests/console, by a browser.</summary>
public sealed partial class ConsoleEndpointsTests(KvServer server) : IClassFixture<KvServer>
{
    private const int BytesMax = 300_000;

    // Where the tests were built without Node.js there is a page that says so, and nothing that it loads.
    private static readonly bool IsBuilt = ConsoleFiles.Read().Names.Any();

    [Fact]
    public async Task Get_Page_RunsNothingButItsOwnFiles()
    {
        var page = (await server.Client.GetAsync("/ui/")).Expect(200);
        Assert.Equal("text/html; charset=utf-8", page.ContentType);
        Assert.Equal("no-cache", page.Header("Cache-Control"));
        Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", page.Header("Referrer-Policy"));
        Assert.Equal("same-origin", page.Header("Cross-Origin-Opener-Policy"));
        var policy = page.Header("Content-Security-Policy")!.Split("; ");
        Assert.Equal("default-src 'none'", policy[0]);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("style-src 'self'", policy);
        Assert.Contains("connect-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.Contains("base-uri 'none'", policy);
        Assert.Contains("form-action 'none'", policy);
        Assert.DoesNotContain(policy, part => part.Contains("unsafe", StringComparison.Ordinal) || part.Contains('*', StringComparison.Ordinal));
        Assert.DoesNotMatch("<script>|<style|style=|://", page.Text);
    }

    [Fact]
    public async Task Get_Page_IsConsoleOrSaysHowToGetIt() =>
        Assert.Contains(IsBuilt ? "./assets/index-" : "install Node.js", (await server.Client.GetAsync("/ui/")).Expect(200).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData("/ui", "ui/")]
    [InlineData("/UI", "ui/")]
    public async Task Get_WithoutSlash_LeadsToPageRelatively(string path, string expected)
    {
        using var raw = await server.ConnectAsync();
        Assert.Equal(expected, (await raw.RequestAsync("GET", path, "")).Expect(302).Header("Location"));
    }

    // A browser resolves them against the address of the page, so they are right below any path of a proxy.
    [Fact]
    public async Task Page_Addresses_AreRelativeAndServedForever()
    {
        Assert.SkipUnless(IsBuilt, "This build has no console.");
        var links = Link().Matches((await server.Client.GetAsync("/ui/")).Expect(200).Text).Select(match => match.Groups[1].Value).ToArray();
        Assert.True(links.Length >= 3, $"{links.Length} links");
        foreach (var link in links)
        {
            Assert.StartsWith("./assets/", link, StringComparison.Ordinal);
            var file = (await server.Client.GetAsync("/ui/" + link[2..])).Expect(200);
            Assert.Equal("public, max-age=31536000, immutable", file.Header("Cache-Control"));
            Assert.Equal("nosniff", file.Header("X-Content-Type-Options"));
            Assert.Matches("^(text/javascript|text/css|image/svg)", file.ContentType);
        }
    }

    [Fact]
    public async Task Get_EachCoding_HasTheSameContentUnderItsOwnTag()
    {
        Assert.SkipUnless(IsBuilt, "This build has no console.");
        var plain = (await server.Client.GetAsync("/ui/")).Expect(200);
        var gzip = (await server.Client.GetAsync("/ui/", ("Accept-Encoding", "gzip, deflate"))).Expect(200);
        var brotli = (await server.Client.GetAsync("/ui/", ("Accept-Encoding", "gzip, br"))).Expect(200);
        Assert.Equal((null, "gzip", "br"), (plain.Header("Content-Encoding"), gzip.Header("Content-Encoding"), brotli.Header("Content-Encoding")));
        Assert.Equal(plain.Text, Decompressed(new GZipStream(new MemoryStream(gzip.Body), CompressionMode.Decompress)));
        Assert.Equal(plain.Text, Decompressed(new BrotliStream(new MemoryStream(brotli.Body), CompressionMode.Decompress)));
        Assert.Equal(3, new[] { plain, gzip, brotli }.Select(answer => answer.ETag).Distinct().Count());
        Assert.All(new[] { plain, gzip, brotli }, answer => Assert.Equal("Accept-Encoding", answer.Header("Vary")));
        Assert.Null((await server.Client.GetAsync("/ui/", ("Accept-Encoding", "gzip;q=0, br;q=0"))).Expect(200).Header("Content-Encoding"));
    }

    [Fact]
    public async Task Get_KnownTag_IsNotModifiedAndHeadHasNoBody()
    {
        Assert.SkipUnless(IsBuilt, "This build has no console.");
        var page = (await server.Client.GetAsync("/ui/")).Expect(200);
        Assert.Empty((await server.Client.GetAsync("/ui/", ("If-None-Match", page.ETag!))).Expect(304).Body);
        var head = (await server.Client.SendAsync("HEAD", "/ui/", null)).Expect(200);
        Assert.Equal((page.ETag, page.Header("Content-Length"), 0), (head.ETag, head.Header("Content-Length"), head.Body.Length));
    }

    [Theory]
    [InlineData("/ui/nothing")]
    [InlineData("/ui/assets/")]
    [InlineData("/ui/assets/index.js")]
    public async Task Get_Unknown_IsNoSuchResource(string path) => (await server.Client.GetAsync(path)).ExpectProblem(404, "no-such-resource");

    [Theory]
    [InlineData("POST", "/ui/")]
    [InlineData("PUT", "/ui/index.html")]
    [InlineData("DELETE", "/ui/session")]
    public async Task OtherMethod_IsNotAllowed(string method, string path) =>
        Assert.Equal("GET, HEAD, OPTIONS", (await server.Client.SendAsync(method, path, null)).ExpectProblem(405, "method-not-allowed").Header("Allow"));

    [Fact]
    public void Files_Compressed_AreSmall()
    {
        var files = ConsoleFiles.Read();
        Assert.InRange(files.Names.Sum(name => files.Find(name)!.Bytes), 0, BytesMax);
    }

    [Fact]
    public async Task Session_WithoutKeys_MayEverything()
    {
        var session = (await server.Client.GetAsync("/ui/session")).Expect(200);
        Assert.Equal("no-store", session.Header("Cache-Control"));
        Assert.False(session.Json.GetProperty("has_keys").GetBoolean());
        Assert.False(session.Json.GetProperty("read_only").GetBoolean());
        Assert.Equal(["read", "write", "delete", "admin"], session.Json.GetProperty("rights").EnumerateArray().Select(right => right.GetString()!));
        Assert.Equal(1 << 20, session.Json.GetProperty("value_bytes_max").GetInt32());
    }

    [Fact]
    public async Task Console_Off_IsNotServed()
    {
        await using var service = await KvServer.StartAsync(("Console", "off"));
        foreach (var path in (string[])["/ui", "/ui/", "/ui/session"])
            (await service.Client.GetAsync(path)).ExpectProblem(404, "no-such-resource");
    }

    [Fact]
    public async Task Console_ReadOnly_SaysSo()
    {
        await using var service = await KvServer.StartAsync(("Console", "read-only"), ("PathBase", "/base"));
        Assert.True((await service.Client.GetAsync("/base/ui/session")).Expect(200).Json.GetProperty("read_only").GetBoolean());
        (await service.Client.GetAsync("/base/ui/")).Expect(200);
    }

    private static string Decompressed(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("(?:href|src)=\"([^\"]+)\"")]
    private static partial Regex Link();
}
