using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace KvStore.Origins.Tests;

public sealed class HttpOriginSourceTests : IAsyncLifetime
{
    private const int ValueBytesMax = 100_000;

    private Vendor _vendor = null!;

    public async ValueTask InitializeAsync() => _vendor = await Vendor.StartAsync();

    public ValueTask DisposeAsync() => _vendor.DisposeAsync();

    [Fact]
    public async Task Load_Value_HasItsTypeAndETag()
    {
        _vendor.Answer = context =>
        {
            context.Response.Headers.ETag = "W/\"abc\"";
            context.Response.Headers.CacheControl = "max-age=60";
            context.Response.ContentType = "application/json; charset=utf-8";
            return context.Response.WriteAsync("{}");
        };
        var found = Assert.IsType<LoadResult.Found>(await LoadAsync("a"));
        Assert.Equal(("{}", "application/json; charset=utf-8", "W/\"abc\"", TimeSpan.FromSeconds(60)),
            (Text(found.Value), found.ContentType, found.ETag, found.Freshness.FreshFor));
    }

    [Theory]
    [InlineData("hotel 5", "/rates/hotel%205")]
    [InlineData("a/b", "/rates/a%2Fb")]
    [InlineData("a?b#c&d=%", "/rates/a%3Fb%23c%26d%3D%25")]
    [InlineData("größe", "/rates/gr%C3%B6%C3%9Fe")]
    [InlineData("{key}{fullkey}", "/rates/%7Bkey%7D%7Bfullkey%7D")]
    [InlineData("a..b", "/rates/a..b")]
    public async Task Load_Key_IsEncoded(string name, string target)
    {
        await LoadAsync(name);
        Assert.Equal(target, Assert.Single(_vendor.Calls).Target);
    }

    [Fact]
    public async Task Load_FullKey_IsTheWholeKey()
    {
        var options = _vendor.Options();
        await LoadAsync("a", options with { Http = options.Http! with { Url = $"{_vendor.Url}/get?key={{fullkey}}&x=1" } });
        Assert.Equal("/get?key=rates%2Fa&x=1", Assert.Single(_vendor.Calls).Target);
    }

    [Fact]
    public async Task Load_KeyWithoutAName_IsRefusedWithoutACall()
    {
        await using var source = New(_vendor.Options() with { Prefix = "rates" });
        foreach (var key in (string[])["rates", "rates.", "rates.."])
        {
            var result = Assert.Single(await source.LoadAsync([new(Key.Parse(key), null)], Token));
            Assert.Equal(LoadFailure.Refused, Assert.IsType<LoadResult.Failed>(result).Kind);
        }

        Assert.Empty(_vendor.Calls);
    }

    [Fact]
    public async Task Load_Conditional_IsNotModified()
    {
        _vendor.Answer = context =>
        {
            Assert.Equal("\"abc\"", context.Request.Headers.IfNoneMatch);
            context.Response.StatusCode = 304;
            context.Response.Headers.CacheControl = "max-age=7";
            return Task.CompletedTask;
        };
        await using var source = New(_vendor.Options());
        var result = Assert.Single(await source.LoadAsync([new(Key.Parse("rates/a"), "\"abc\"")], Token));
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.IsType<LoadResult.NotModified>(result).Freshness.FreshFor);
    }

    [Fact]
    public async Task Load_Headers_AreSent()
    {
        var seen = "";
        _vendor.Answer = context =>
        {
            seen = $"{context.Request.Headers.Authorization} {context.Request.Headers["X-Api-Key"]} {context.Request.Headers.UserAgent}";
            return Task.CompletedTask;
        };
        var options = _vendor.Options();
        await LoadAsync("a", options with { Http = options.Http! with { Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer secret", ["X-Api-Key"] = "key" } } });
        Assert.Equal("Bearer secret key kvstore", seen);
    }

    [Theory]
    [InlineData(404, "Absent", false)]
    [InlineData(410, "Absent", false)]
    [InlineData(304, "BadAnswer", false)]
    [InlineData(301, "BadAnswer", false)]
    [InlineData(307, "BadAnswer", false)]
    [InlineData(202, "BadAnswer", false)]
    [InlineData(204, "BadAnswer", false)]
    [InlineData(206, "BadAnswer", false)]
    [InlineData(400, "Refused", false)]
    [InlineData(401, "Refused", false)]
    [InlineData(403, "Refused", false)]
    [InlineData(414, "Refused", false)]
    [InlineData(408, "BadAnswer", true)]
    [InlineData(500, "BadAnswer", true)]
    [InlineData(502, "BadAnswer", true)]
    [InlineData(503, "BadAnswer", true)]
    [InlineData(504, "BadAnswer", true)]
    [InlineData(501, "BadAnswer", false)]
    [InlineData(429, "Throttled", false)]
    public async Task Load_Status_IsAResult(int status, string expected, bool isTransient)
    {
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"{_vendor.Url}/rates/b";
            return Task.CompletedTask;
        };
        var result = await LoadAsync("a");
        if (result is LoadResult.Failed failure)
            Assert.Equal((expected, isTransient, null), ($"{failure.Kind}", failure.IsTransient, failure.RetryAfter));
        else
            Assert.Equal(expected, result.GetType().Name);
        Assert.Single(_vendor.Calls);
    }

    [Theory]
    [InlineData(429, "7", 7)]
    [InlineData(503, "0", 0)]
    [InlineData(503, "120", 120)]
    [InlineData(429, "date+30", 30)]
    [InlineData(429, "date-30", 0)]
    [InlineData(429, "soon", null)]
    [InlineData(429, "-5", null)]
    public async Task Load_RetryAfter_IsSecondsOrADate(int status, string value, int? seconds)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = value.StartsWith("date", StringComparison.Ordinal)
                ? time.GetUtcNow().AddSeconds(int.Parse(value[4..], System.Globalization.CultureInfo.InvariantCulture)).ToString("r")
                : value;
            return Task.CompletedTask;
        };
        await using var source = new HttpOriginSource(_vendor.Options(), ValueBytesMax, null, time);
        var failure = Assert.IsType<LoadResult.Failed>(Assert.Single(await source.LoadAsync([new(Key.Parse("rates/a"), null)], Token)));
        Assert.Equal((LoadFailure.Throttled, seconds is { } length ? TimeSpan.FromSeconds(length) : null), (failure.Kind, failure.RetryAfter));
    }

    [Theory]
    [InlineData(ValueBytesMax, true, true)]
    [InlineData(ValueBytesMax + 1, true, false)]
    [InlineData(ValueBytesMax, false, true)]
    [InlineData(ValueBytesMax + 1, false, false)]
    [InlineData(0, true, true)]
    public async Task Load_LargeBody_FailsAboveTheBound(int bytes, bool isAnnounced, bool isFound)
    {
        _vendor.Answer = async context =>
        {
            if (isAnnounced)
                context.Response.ContentLength = bytes;
            await context.Response.Body.WriteAsync(new byte[bytes], context.RequestAborted);
        };
        var result = await LoadAsync("a");
        if (isFound)
            Assert.Equal(bytes, Assert.IsType<LoadResult.Found>(result).Value.Length);
        else
            Assert.Equal((LoadFailure.BadAnswer, false), (Assert.IsType<LoadResult.Failed>(result).Kind, ((LoadResult.Failed)result).IsTransient));
    }

    [Fact]
    public async Task Load_EndlessBody_IsNotReadToItsEnd()
    {
        _vendor.Answer = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(new byte[1 << 16], context.RequestAborted);
        };
        Assert.Equal(LoadFailure.BadAnswer, Assert.IsType<LoadResult.Failed>(await LoadAsync("a").Within()).Kind);
    }

    [Theory]
    [InlineData(ValueBytesMax, true)]
    [InlineData(100 << 20, false)]
    public async Task Load_CompressedBody_IsBoundedByWhatItBecomes(int bytes, bool isFound)
    {
        _vendor.Answer = async context =>
        {
            context.Response.Headers.ContentEncoding = "br";
            await using var compressed = new BrotliStream(context.Response.Body, CompressionLevel.Fastest);
            for (var left = bytes; left > 0 && !context.RequestAborted.IsCancellationRequested; left -= 10_000)
                await compressed.WriteAsync(new byte[Math.Min(left, 10_000)], context.RequestAborted);
        };
        var result = await LoadAsync("a").Within();
        Assert.Equal(isFound, result is LoadResult.Found);
        if (!isFound)
            Assert.Equal(LoadFailure.BadAnswer, ((LoadResult.Failed)result).Kind);
    }

    [Fact]
    public async Task Load_WrongCompression_IsABadAnswer()
    {
        _vendor.Answer = context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.WriteAsync("not gzip");
        };
        Assert.Equal(LoadFailure.BadAnswer, Assert.IsType<LoadResult.Failed>(await LoadAsync("a")).Kind);
    }

    [Fact]
    public async Task Load_BodyShorterThanItsLength_IsTransient()
    {
        _vendor.Answer = async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("short");
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        var failure = Assert.IsType<LoadResult.Failed>(await LoadAsync("a"));
        Assert.Equal((LoadFailure.BadAnswer, true), (failure.Kind, failure.IsTransient));
    }

    [Fact]
    public async Task Load_NoServer_IsTransient()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var options = _vendor.Options();
        var failure = Assert.IsType<LoadResult.Failed>(await LoadAsync("a", options with { Http = options.Http! with { Url = $"http://127.0.0.1:{port}/{{key}}" } }));
        Assert.Equal((LoadFailure.Unreachable, true, "The origin could not be connected to."), (failure.Kind, failure.IsTransient, failure.Detail));
    }

    /// <summary>A body that arrives byte by byte has the time of its load and no more.</summary>
    [Fact]
    public async Task Load_SlowBody_EndsWithTheLoad()
    {
        var started = new TaskCompletionSource();
        _vendor.Answer = async context =>
        {
            await context.Response.Body.WriteAsync("a"u8.ToArray(), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            started.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var time = new FakeTimeProvider();
        await using var pool = new LoaderPool(_vendor.Options(), New(_vendor.Options()), new MemoryTarget(), _ => { }, time);
        var request = pool.LoadAsync(Key.Parse("rates/a"), () => true, Token);
        await started.Task.Within();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(LoadFailure.Timeout, Assert.IsType<LoadResult.Failed>((await request.Within())!.Result).Kind);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);

    private static HttpOriginSource New(OriginOptions options) => new(options, ValueBytesMax, null, TimeProvider.System);

    private async Task<LoadResult> LoadAsync(string name, OriginOptions? options = null)
    {
        await using var source = New(options ?? _vendor.Options());
        return Assert.Single(await source.LoadAsync([new(Key.Parse(PoolBench.Prefix + name), null)], Token));
    }
}
