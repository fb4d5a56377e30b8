namespace KvStore.Server.Tests;

/// <summary>What the router answers where nothing is served, and to OPTIONS.</summary>
public sealed class RouterTests(KvServer server) : IClassFixture<KvServer>
{
    private static readonly string[] Methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND", "get", "head", "put", "Post", "patcH", "delete", "options"];

    public static readonly TheoryData<string, string[]> Routes = new()
    {
        { "/v1/kv/key", ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] },
        { "/v1/kv/a/b/", ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] },
        { "/v1/kv/", ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] },
        { "/v1/kv", ["GET", "HEAD", "DELETE"] },
        { "/v1/counters/key", ["POST"] },
        { "/v1/counters/", ["POST"] },
        { "/person/update", ["PUT"] },
        { "/person/get", ["GET", "HEAD"] },
        { "/v1/watch", ["GET", "HEAD"] },
        { "/v1/export", ["GET", "HEAD"] },
        { "/v1/txn", ["POST"] },
        { "/metrics", ["GET", "HEAD"] },
        { "/openapi/v1.json", ["GET", "HEAD"] },
        { "/", ["GET", "HEAD"] },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_OtherMethod_Is405WithAllow(string target, string[] allowed)
    {
        using var raw = await server.ConnectAsync();
        string[] all = [.. allowed, "OPTIONS"];
        foreach (var method in Methods.Except(all))
        {
            var answer = (await raw.RequestAsync(method, target)).Expect(405);
            if (method != "HEAD")
                answer.ExpectProblem(405, "method-not-allowed");
            Assert.Equal(all.Order(StringComparer.Ordinal), answer.Header("Allow")!.Split(", ").Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_Options_AllowsItsMethods(string target, string[] allowed)
    {
        using var raw = await server.ConnectAsync();
        var answer = (await raw.RequestAsync("OPTIONS", target)).Expect(204);
        Assert.Equal(string.Join(", ", allowed.Append("OPTIONS").Order(StringComparer.Ordinal)), answer.Header("Allow"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/openapi/v1.json")]
    public async Task Route_HeadOfFrameworkGet_IsItsHeaders(string target)
    {
        using var raw = await server.ConnectAsync();
        var get = await raw.RequestAsync("GET", target);
        var head = (await raw.RequestAsync("HEAD", target)).Expect(get.Status);
        Assert.Equal((get.ContentType, get.Header("Location")), (head.ContentType, head.Header("Location")));
    }

    [Fact]
    public async Task Service_Options_AllowsAllMethods()
    {
        using var raw = await server.ConnectAsync();
        Assert.Equal("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", (await raw.RequestAsync("OPTIONS", "*")).Expect(204).Header("Allow"));
    }

    // The router takes them for the methods that they resemble.
    [Fact]
    public async Task Entry_MethodInOtherCase_HasNoEffect()
    {
        (await server.Client.PutAsync("/v1/kv/case", "before")).Expect(201);
        var revision = server.Store.Latest.Revision;
        using var raw = await server.ConnectAsync();
        foreach (var method in new[] { "put", "Put", "delete", "dELETE", "patch", "head", "get" })
            (await raw.RequestAsync(method, "/v1/kv/case", "after")).ExpectProblem(405, "method-not-allowed");
        Assert.Equal("before", (await raw.RequestAsync("GET", "/v1/kv/case")).Expect(200).Text);
        Assert.Equal(revision, server.Store.Latest.Revision);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    [InlineData("/v1/counters")]
    [InlineData("/v2/kv/a")]
    [InlineData("/person")]
    [InlineData("/person/get/100")]
    [InlineData("/favicon.ico")]
    [InlineData("/.well-known/x")]
    [InlineData("/%F0%9F%98%80")]
    [InlineData("/<script>")]
    public async Task AnyMethod_UnknownTarget_IsNotFound(string target)
    {
        using var raw = await server.ConnectAsync();
        foreach (var method in Methods.Except(["HEAD"]))
            (await raw.RequestAsync(method, target)).ExpectProblem(404, "no-such-resource");
        (await raw.RequestAsync("HEAD", target)).Expect(404);
    }

    [Fact]
    public async Task Root_Browser_RedirectsToSwagger()
    {
        var answer = (await server.Client.GetAsync("/")).Expect(302);
        Assert.Equal("/swagger", answer.Header("Location"));
        Assert.Contains("./page.js", (await server.Client.GetAsync("/swagger/index.html")).Expect(200).Text, StringComparison.Ordinal);
        Assert.Equal("text/javascript; charset=utf-8", (await server.Client.GetAsync("/swagger/page.js")).Expect(200).ContentType);
    }
}
