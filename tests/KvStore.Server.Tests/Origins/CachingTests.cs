using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>What an HTTP service says of its answers, seen from the front: the rows of docs/caching.md that need both.</summary>
public sealed class CachingTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentQueue<IHeaderDictionary> _calls = [];
    private WebApplication _vendor = null!;
    private KvServer _server = null!;

    private RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _vendor = builder.Build();
        _vendor.Urls.Add("http://127.0.0.1:0");
        _vendor.Run(context =>
        {
            _calls.Enqueue(new HeaderDictionary(context.Request.Headers.ToDictionary()));
            return Answer(context);
        });
        await _vendor.StartAsync(TestContext.Current.CancellationToken);
        var options = new KvServerOptions { Services = services => services.AddSingleton<TimeProvider>(_time) };
        options.Settings["KvStore:Origins:acme:Prefix"] = "rates/";
        options.Settings["KvStore:Origins:acme:Http:Url"] = _vendor.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/{key}";
        options.Settings["KvStore:Origins:acme:JitterPercent"] = "0";
        options.Settings["KvStore:Origins:acme:Calls:AttemptsMax"] = "1";
        _server = await KvServer.StartAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _vendor.DisposeAsync();
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData("max-age=60", 60)]
    [InlineData("max-age=60, s-maxage=5", 5)]
    [InlineData("max-age=9999999", 300)]
    [InlineData("max-age=soon", 0)]
    [InlineData("Expires", 60)]
    [InlineData("Expires of another form", 0)]
    public async Task Get_Lifetime_IsThatOfTheOriginWithinTheSettings(string? said, int ttl)
    {
        var expires = _time.GetUtcNow().AddSeconds(60).ToString("r");
        Say(said switch { "Expires" => $"Expires: {expires}", "Expires of another form" => $"Expires: {expires.Replace("GMT", "UTC", StringComparison.Ordinal)}", null => "A: b", _ => $"Cache-Control: {said}" }, Date);
        Assert.Equal($"kvstore; fwd=uri-miss; fwd-status=200; stored; ttl={ttl}", StatusOf(await GetAsync(200)));
        Assert.Equal(ttl > 0 ? $"kvstore; hit; ttl={ttl}" : "kvstore; fwd=stale; fwd-status=200; stored; ttl=0", StatusOf(await GetAsync(200, ("Cache-Control", "max-age=1"))));
    }

    [Theory]
    [InlineData("no-store", false)]
    [InlineData("private", false)]
    [InlineData("private=\"set-cookie\"", false)]
    [InlineData("must-understand, no-store, max-age=60", true)]
    public async Task Get_MarkedNoStoreOrPrivate_IsAnsweredAndNotStored(string said, bool isStored)
    {
        Say($"Cache-Control: {said}", Date);
        var answer = await GetAsync(200);
        Assert.Equal(isStored, StatusOf(answer).Contains("; stored", StringComparison.Ordinal));
        await GetAsync(200);
        Assert.Equal((isStored, isStored ? 1 : 2), (answer.Header("Cache-Control") != "no-store", _calls.Count));
    }

    [Theory]
    [InlineData("max-age=60, must-revalidate")]
    [InlineData("max-age=60, proxy-revalidate")]
    [InlineData("s-maxage=60")]
    public async Task Get_MarkedMustRevalidate_IsNeverServedStale(string said)
    {
        Say($"Cache-Control: {said}", Date);
        Assert.Equal("max-age=60, must-revalidate", (await GetAsync(200)).Header("Cache-Control"));
        Answer = Fail;
        Pass(40);
        await GetAsync(200);
        Pass(21);
        Assert.Equal("kvstore; fwd=stale; detail=bad-answer", StatusOf(await GetAsync(502, ("Cache-Control", "max-stale"))));
    }

    [Theory]
    [InlineData("Cache-Control: no-cache, max-age=60")]
    [InlineData("Cache-Control: no-cache=\"set-cookie\"")]
    [InlineData("Vary: *")]
    [InlineData("Cache-Control: max-age=0")]
    public async Task Get_MarkedNoCache_IsValidatedEachTime(string said)
    {
        Answer = context =>
        {
            Set(context, said, Date, "ETag: \"1\"");
            context.Response.StatusCode = context.Request.Headers.IfNoneMatch == "\"1\"" ? 304 : 200;
            return Task.CompletedTask;
        };
        Assert.Equal("kvstore; fwd=uri-miss; fwd-status=200; stored; ttl=0", StatusOf(await GetAsync(200)));
        Assert.Equal("kvstore; fwd=stale; fwd-status=304; stored; ttl=0", StatusOf(await GetAsync(200, ("Cache-Control", "max-age=1"))));
        Assert.Equal(2, _calls.Count);
    }

    [Fact]
    public async Task Get_NotModified_IsFreshForWhatThatAnswerSays()
    {
        Say("Cache-Control: max-age=60", Date, "ETag: \"1\"");
        var first = await GetAsync(200);
        Pass(200);
        Answer = context =>
        {
            Set(context, "Cache-Control: max-age=90", "Date: " + _time.GetUtcNow().ToString("r"));
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        };
        var again = await GetAsync(200);
        Assert.Equal(("kvstore; fwd=stale; fwd-status=304; stored; ttl=90", first.Header("ETag"), "0"), (StatusOf(again), again.Header("ETag"), again.Header("Age")));
        Assert.Equal("\"1\"", _calls.Last().IfNoneMatch);
    }

    [Fact]
    public async Task Get_AgeOfTheOrigin_CountsOn()
    {
        Say("Cache-Control: max-age=60", Date, "Age: 30, 5");
        var answer = await GetAsync(200);
        Assert.Equal(("30", "kvstore; fwd=uri-miss; fwd-status=200; stored; ttl=30"), (answer.Header("Age"), StatusOf(answer)));
        Pass(10);
        answer = await GetAsync(200);
        Assert.Equal(("40", "max-age=60, stale-while-revalidate=60, stale-if-error=3600"), (answer.Header("Age"), answer.Header("Cache-Control")));
    }

    [Fact]
    public async Task Get_StaleWhileRevalidate_IsTheOriginsIfShorter()
    {
        Say("Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=20", Date);
        Assert.Equal("max-age=60, stale-while-revalidate=10, stale-if-error=20", (await GetAsync(200)).Header("Cache-Control"));
        Pass(69);
        Assert.Equal("kvstore; hit; ttl=-9", StatusOf(await GetAsync(200)));
        await Soon.UntilAsync(() => _calls.Count == 2);
    }

    [Fact]
    public async Task Get_StaleIfError_IsTheOriginsIfShorter()
    {
        Say("Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=20", Date);
        await GetAsync(200);
        Answer = Fail;
        Pass(75);
        Assert.Equal("kvstore; fwd=stale; ttl=-15; detail=bad-answer", StatusOf(await GetAsync(200)));
        Pass(10);
        Assert.Equal("kvstore; fwd=stale; detail=bad-answer", StatusOf(await GetAsync(502)));
    }

    [Theory]
    [InlineData(206)]
    [InlineData(301)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task Get_OtherStatuses_AreNotStored(int status)
    {
        Answer = context =>
        {
            Set(context, "Cache-Control: max-age=60", Date);
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        var failed = await GetAsync(502);
        Assert.Equal((status == 403 ? "kvstore; fwd=uri-miss; detail=refused" : "kvstore; fwd=uri-miss; detail=bad-answer", "5"), (StatusOf(failed), failed.Header("Retry-After")));
        Say("A: b");
        Pass(5);
        await GetAsync(200);
    }

    [Fact]
    public async Task Get_AnswerEndsEarly_IsNotStored()
    {
        Answer = async context =>
        {
            Set(context, "Cache-Control: max-age=60", Date, "Content-Length: 100");
            await context.Response.WriteAsync("half", context.RequestAborted);
            context.Abort();
        };
        Assert.Equal("kvstore; fwd=uri-miss; detail=bad-answer", StatusOf(await GetAsync(502)));
        Assert.Equal(0, _server.Store.Latest.Revision);
    }

    [Fact]
    public async Task Get_NoServer_SaysThatItIsUnreachable()
    {
        await _vendor.StopAsync(TestContext.Current.CancellationToken);
        var answer = await GetAsync(502);
        Assert.Equal(("kvstore; fwd=uri-miss; detail=unreachable", "5"), (StatusOf(answer), answer.Header("Retry-After")));
    }

    // So every client gets the same answer, whatever Vary says, and no client's credentials reach the origin.
    [Fact]
    public async Task Get_HeadersOfClients_AreNotForwarded()
    {
        Say("Vary: Accept-Language", "Cache-Control: max-age=60", Date);
        await GetAsync(200, ("Authorization", "Bearer secret"), ("Cookie", "a=b"), ("Accept-Language", "de"), ("Range", "bytes=0-1"), ("If-None-Match", "\"77\""));
        Assert.Equal("kvstore; hit; ttl=60", StatusOf(await GetAsync(200, ("Accept-Language", "en"))));
        var headers = Assert.Single(_calls);
        Assert.Equal(["Accept-Encoding", "Host", "User-Agent"], headers.Keys.Where(name => !name.StartsWith("trace", StringComparison.Ordinal)).Order());
    }

    [Theory]
    [InlineData("Pragma", "no-cache")]
    [InlineData("Cache-Control", "no-transform, stale-if-error=1, ext=\"a\"")]
    public async Task Get_OtherDirectives_AreIgnored(string name, string value)
    {
        Say("Cache-Control: max-age=60", Date);
        await GetAsync(200);
        Assert.Equal("kvstore; hit; ttl=60", StatusOf(await GetAsync(200, (name, value))));
    }

    [Fact]
    public async Task Get_RequestWithNoStore_LoadsAndStores()
    {
        Say("Cache-Control: max-age=60", Date);
        await GetAsync(200);
        Assert.Equal("kvstore; fwd=request; fwd-status=200; stored; ttl=60", StatusOf(await GetAsync(200, ("Cache-Control", "no-store"))));
    }

    private string Date => "Date: " + _time.GetUtcNow().ToString("r");

    private static string StatusOf(Response response) => response.Header("Cache-Status")!;

    private static Task Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.CompletedTask;
    }

    private static void Set(HttpContext context, params string[] headers)
    {
        foreach (var header in headers)
            context.Response.Headers.Append(header.Split(": ")[0], header.Split(": ")[1]);
    }

    private void Say(params string[] headers) => Answer = context =>
    {
        Set(context, headers);
        return context.Response.WriteAsync("value", context.RequestAborted);
    };

    private void Pass(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private async Task<Response> GetAsync(int status, params (string Name, string Value)[] headers) => (await _server.Client.GetAsync("/v1/kv/rates/a", headers)).Expect(status);
}
