namespace KvStore.Server.Tests;

/// <summary>What the router answers where nothing is served.</summary>
public sealed class RouterTests(KvServer server) : IClassFixture<KvServer>
{
    private static readonly string[] Methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

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
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_OtherMethod_Is405WithAllow(string target, string[] allowed)
    {
        using var raw = await server.ConnectAsync();
        foreach (var method in Methods.Except(allowed))
        {
            var answer = (await raw.RequestAsync(method, target)).Expect(405);
            if (method != "HEAD")
                answer.ExpectProblem(405, "method-not-allowed");
            Assert.Equal(allowed.Order(StringComparer.Ordinal), answer.Header("Allow")!.Split(", ").Order(StringComparer.Ordinal));
        }
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
        Assert.Contains("./watch.js", (await server.Client.GetAsync("/swagger/index.html")).Expect(200).Text, StringComparison.Ordinal);
        Assert.Equal("text/javascript; charset=utf-8", (await server.Client.GetAsync("/swagger/watch.js")).Expect(200).ContentType);
    }
}
