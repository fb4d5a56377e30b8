using System.Text;
using Microsoft.AspNetCore.Http;

namespace KvStore.Origins.Tests;

public sealed class BatchTests : IAsyncLifetime
{
    private Vendor _vendor = null!;

    public async ValueTask InitializeAsync() => _vendor = await Vendor.StartAsync();

    public ValueTask DisposeAsync() => _vendor.DisposeAsync();

    [Fact]
    public async Task Load_Batch_HasItemsAsTheyAre()
    {
        _vendor.Answer = context =>
        {
            context.Response.Headers.CacheControl = "max-age=9";
            return context.Response.WriteAsync("""{"data": {"rates": [{"id": {"hotel": "a,b"}, "price": 1.50}, {"id": {"hotel": 7}}, {"id": {"hotel": "x"}}, {"id": {"hotel": "a,b"}}, 5, {"id": "\ud800"}]}}""");
        };
        var results = await LoadAsync(["a,b", "7", "missing"]);
        var found = Assert.IsType<LoadResult.Found>(results[0]);
        Assert.Equal(("""{"id": {"hotel": "a,b"}, "price": 1.50}""", "application/json", null, TimeSpan.FromSeconds(9)),
            (Encoding.UTF8.GetString(found.Value.Span), found.ContentType, found.ETag, found.Freshness.FreshFor));
        Assert.IsType<LoadResult.Found>(results[1]);
        Assert.Equal(TimeSpan.FromSeconds(9), Assert.IsType<LoadResult.Absent>(results[2]).Freshness.FreshFor);
        Assert.Equal("/many?hotels=a%2Cb,7,missing", Assert.Single(_vendor.Calls).Target);
    }

    [Fact]
    public async Task Load_DotSegment_FailsAlone()
    {
        _vendor.Answer = context => context.Response.WriteAsync("""{"data": {"rates": []}}""");
        await using var source = new HttpOriginSource(Options with { Prefix = "rates" }, 1_000, null, TimeProvider.System);
        var results = await source.LoadAsync([new(Key.Parse("rates.."), null), new(Key.Parse("rates/a"), null)], TestContext.Current.CancellationToken);
        Assert.Equal(LoadFailure.Refused, Assert.IsType<LoadResult.Failed>(results[0]).Kind);
        Assert.IsType<LoadResult.Absent>(results[1]);
    }

    [Theory]
    [InlineData("not json", 200)]
    [InlineData("{\"data\": {\"rates\": {}}}", 200)]
    [InlineData("{}", 200)]
    [InlineData("", 200)]
    [InlineData("", 400)]
    [InlineData("", 500)]
    public async Task Load_BadAnswer_FailsEachKey(string body, int status)
    {
        _vendor.Answer = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        };
        Assert.All(await LoadAsync(["a", "b"]), result => Assert.IsType<LoadResult.Failed>(result));
    }

    [Fact]
    public async Task Load_LargeItem_FailsAlone()
    {
        _vendor.Answer = context => context.Response.WriteAsync($$$"""{"data": {"rates": [{"id": {"hotel": "a"}, "x": "{{{new string('x', 1_000)}}}"}, {"id": {"hotel": "b"}}]}}""");
        var results = await LoadAsync(["a", "b"]);
        Assert.Equal(LoadFailure.BadAnswer, Assert.IsType<LoadResult.Failed>(results[0]).Kind);
        Assert.IsType<LoadResult.Found>(results[1]);
    }

    private OriginOptions Options => _vendor.Options(new OriginBatchOptions { Url = $"{_vendor.Url}/many?hotels={{keys}}", Items = "/data/rates", ItemKey = "/id/hotel" });

    private async Task<IReadOnlyList<LoadResult>> LoadAsync(string[] names)
    {
        await using var source = new HttpOriginSource(Options, 1_000, null, TimeProvider.System);
        return await source.LoadAsync(
            [.. names.Select(name => new LoadRequest(Key.Parse(PoolBench.Prefix + name), null))], TestContext.Current.CancellationToken);
    }
}
