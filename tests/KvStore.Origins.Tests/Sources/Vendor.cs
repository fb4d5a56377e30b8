using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace KvStore.Origins.Tests;

/// <summary>An HTTP service on a real web server, whose answers a test writes.</summary>
internal sealed class Vendor : IAsyncDisposable
{
    private readonly WebApplication _application;

    private Vendor()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(context =>
        {
            Calls.Enqueue((TimeProvider.System.GetTimestamp(), context.Features.Get<IHttpRequestFeature>()!.RawTarget));
            return Answer(context);
        });
    }

    public string Url => _application.Urls.Single();

    /// <summary>Answers a request.</summary>
    public RequestDelegate Answer { get; set; } = context => context.Response.WriteAsync("value");

    /// <summary>The requests: when, and their targets.</summary>
    public ConcurrentQueue<(long At, string Target)> Calls { get; } = [];

    public static async Task<Vendor> StartAsync()
    {
        var vendor = new Vendor();
        await vendor._application.StartAsync(TestContext.Current.CancellationToken);
        return vendor;
    }

    public OriginOptions Options(OriginBatchOptions? batch = null) => new()
    {
        Name = "vendor",
        Prefix = PoolBench.Prefix,
        Http = new OriginHttpOptions { Url = $"{Url}/rates/{{key}}", Batch = batch },
    };

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
