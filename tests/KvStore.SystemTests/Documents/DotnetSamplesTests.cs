using System.Net;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>The samples of the .NET adapters, as their scripts start them.</summary>
[Trait("Needs", "packages")]
public sealed class DotnetSamplesTests : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { Timeout = TimeSpan.FromSeconds(30) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task ConfigurationService_Change_IsSeenWithoutARestart()
    {
        var (kvstore, shop) = (NewAddress(), NewAddress());
        await using var sample = await SampleProcess.StartAsync("configuration-service", "--port", $"{kvstore.Port}", "--shop-port", $"{shop.Port}");
        Assert.Equal("""{"title":"Kettles","limits":{"orders":100,"countries":["NO","SE"]}}""", await _client.GetStringAsync(shop, Token));

        using var title = await _client.PutAsync(new Uri(kvstore, "/v1/kv/config/shop/title"), new StringContent("Pots"), Token);
        using var limits = await _client.PatchAsync(new Uri(kvstore, "/v1/kv/config/shop/limits"), new StringContent("""{"orders":250}""", Encoding.UTF8, "application/merge-patch+json"), Token);
        Assert.True(title.IsSuccessStatusCode && limits.IsSuccessStatusCode, $"{title} {limits}");
        await sample.WaitForAsync(line => line == "shop: reloaded, \"Pots\" with 250 orders a minute");
        Assert.Equal("""{"title":"Pots","limits":{"orders":250,"countries":["NO","SE"]}}""", await _client.GetStringAsync(shop, Token));

        using var deleted = await _client.DeleteAsync(new Uri(kvstore, "/v1/kv/config/shop/title"), Token);
        await sample.WaitForAsync(line => line == "shop: reloaded, \"A shop\" with 250 orders a minute");
    }

    [Fact]
    public async Task SessionStore_Basket_IsInBothInstances()
    {
        var (kvstore, shop, other) = (NewAddress(), NewAddress(), NewAddress());
        await using var sample = await SampleProcess.StartAsync("session-store", "--port", $"{kvstore.Port}", "--shop-port", $"{shop.Port}", "--other-port", $"{other.Port}");
        foreach (var (instance, item) in new[] { (shop, "kettle"), (other, "pot") })
        {
            using var added = await _client.PostAsync(new Uri(instance, $"/basket?item={item}"), null, Token);
            Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        }

        foreach (var instance in new[] { shop, other })
            Assert.Contains("<ol><li>kettle</li><li>pot</li></ol>", await _client.GetStringAsync(instance, Token), StringComparison.Ordinal);
        using var sessions = JsonDocument.Parse(await _client.GetStringAsync(new Uri(kvstore, "/v1/kv?prefix=shop/sessions/"), Token));
        var session = Assert.Single(sessions.RootElement.GetProperty("items").EnumerateArray());
        Assert.InRange(session.GetProperty("expires_at").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(23));

        using var deleted = await _client.DeleteAsync(new Uri(kvstore, "/v1/kv?prefix=shop/sessions/"), Token);
        Assert.Contains("<ol></ol>", await _client.GetStringAsync(shop, Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobQueue_WorkerKilled_NoJobIsLostOrDoneTwice()
    {
        await using var sample = SampleProcess.Start("job-queue", "--port", $"{NewAddress().Port}");
        Assert.True(await sample.WaitForExitAsync() == 0, sample.Output.ToString());
        var lines = sample.Output.ToArray();
        Assert.Contains("run.sh: the worker ada was killed.", lines);
        Assert.Contains("producer: 19 thumbnails", lines);
        Assert.Contains("producer: photo-13.jpg is a dead letter after 3 attempts: The picture is damaged.", lines);
    }

    private static Uri NewAddress() => new($"http://localhost:{BalancerProcess.FreePort()}");
}
