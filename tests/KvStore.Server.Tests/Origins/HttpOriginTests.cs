using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

/// <summary>The service in front of an HTTP service, as docs/origins.md sets it up.</summary>
public sealed class HttpOriginTests : IAsyncLifetime
{
    private WebApplication _slow = null!;
    private KvServer _server = null!;
    private int _calls;

    private string Price { get; set; } = "99";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _slow = builder.Build();
        _slow.Urls.Add("http://127.0.0.1:0");
        _slow.Run(AnswerAsync);
        await _slow.StartAsync(TestContext.Current.CancellationToken);
        var address = _slow.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _server = await KvServer.StartAsync(("KvStore:Origins:acme:Prefix", "rates/"), ("KvStore:Origins:acme:Http:Url", address + "/rates/{key}"), ("KvStore:Origins:acme:JitterPercent", "0"));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _slow.DisposeAsync();
    }

    [Fact]
    public async Task Get_TheTourOfTheDocument_IsAnsweredSo()
    {
        var first = (await _server.Client.GetAsync("/v1/kv/rates/1")).Expect(200);
        Assert.Equal(("{\"price\":99}", "application/json", "kvstore; fwd=uri-miss; fwd-status=200; stored; ttl="), (first.Text, first.ContentType, first.Header("Cache-Status")!.TrimEnd("0123456789".ToCharArray())));
        Assert.StartsWith("kvstore; hit; ttl=", (await _server.Client.GetAsync("/v1/kv/rates/1")).Expect(200).Header("Cache-Status"), StringComparison.Ordinal);
        Assert.Equal(1, _calls);

        Price = "98";
        Assert.Equal("{\"price\":99}", (await _server.Client.GetAsync("/v1/kv/rates/1")).Text);
        (await _server.Client.PostJsonAsync("/v1/origins/acme/invalidate", "{\"keys\":[\"rates/1\"]}")).Expect(200);
        Assert.Equal("{\"price\":98}", (await _server.Client.GetAsync("/v1/kv/rates/1")).Text);
        (await _server.Client.PostJsonAsync("/v1/origins/acme/invalidate", "{\"prefix\":\"rates/\"}")).Expect(200);
        Assert.Equal("304", (await _server.Client.GetAsync("/v1/kv/rates/1")).Header("Cache-Status")!.Split("fwd-status=")[1][..3]);
        (await _server.Client.GetAsync("/v1/kv/rates/none")).Expect(404);
        (await _server.Client.GetAsync("/v1/kv/rates/broken")).Expect(502);
    }

    private Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        var etag = $"\"{Price}\"";
        switch (context.Request.Path.Value)
        {
            case "/rates/1" when context.Request.Headers.IfNoneMatch == etag:
                context.Response.StatusCode = 304;
                return Task.CompletedTask;
            case "/rates/1":
                context.Response.Headers.ETag = etag;
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync($"{{\"price\":{Price}}}", context.RequestAborted);
            case "/rates/broken":
                context.Response.StatusCode = 500;
                return Task.CompletedTask;
            default:
                context.Response.StatusCode = 404;
                return Task.CompletedTask;
        }
    }
}
