using System.Net;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>The sample with three vendors, as its script starts it: what its page asks for, from the address of the page.</summary>
[Trait("Needs", "packages")]
public sealed class HotelRatesTests : IAsyncLifetime
{
    private const int Hotels = 24;
    private static readonly string[] Vendors = ["slow", "batched", "flaky"];

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Uri _kvstore = new($"http://localhost:{BalancerProcess.FreePort()}");
    private readonly Uri _vendors = new($"http://localhost:{BalancerProcess.FreePort()}");
    private SampleProcess _sample = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _sample = await SampleProcess.StartAsync("hotel-rates", "--port", $"{_kvstore.Port}", "--vendors-port", $"{_vendors.Port}");

    public async ValueTask DisposeAsync()
    {
        await _sample.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task Page_LooksForRatesTwice_AsksTheVendorsOnce()
    {
        var page = await _client.GetStringAsync(_vendors, Token);
        Assert.Contains("page.js", page, StringComparison.Ordinal);
        Assert.Contains("/v1/batch/get?wait=", await _client.GetStringAsync(new Uri(_vendors, "page.js"), Token), StringComparison.Ordinal);
        Assert.Equal(_kvstore.GetLeftPart(UriPartial.Authority), (await AboutAsync()).GetProperty("kvstore").GetString());

        Assert.Equal(Hotels * Vendors.Length, await FindRatesAsync());
        var calls = (await AboutAsync()).GetProperty("calls").ToString();
        Assert.Equal(Hotels, await CallsOfAsync("slow"));
        Assert.InRange(await CallsOfAsync("batched"), 3, 6);

        Assert.Equal(Hotels * Vendors.Length, await FindRatesAsync());
        Assert.Equal(calls, (await AboutAsync()).GetProperty("calls").ToString());
    }

    [Fact]
    public async Task Page_WhileAVendorIsDown_ShowsTheRatesOfTheOthers()
    {
        using var down = await _client.PutAsync(new Uri(_vendors, "flaky/down"), null, Token);
        Assert.Equal(HttpStatusCode.OK, down.StatusCode);
        Assert.Equal(Hotels * 2, await FindRatesAsync());
        using var origin = JsonDocument.Parse(await _client.GetStringAsync(new Uri(_kvstore, "/v1/origins/flaky"), Token));
        Assert.Equal("open", origin.RootElement.GetProperty("breaker").GetString());
    }

    // As the page does, so that KvStore's rules for browsers apply.
    private async Task<int> FindRatesAsync()
    {
        var keys = Vendors.SelectMany(vendor => Enumerable.Range(1, Hotels).Select(hotel => $"\"rates/{vendor}/oslo-{hotel}\""));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_kvstore, "/v1/batch/get?wait=15"))
        {
            Content = new StringContent($"{{\"keys\": [{string.Join(',', keys)}]}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Origin", _vendors.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("Sec-Fetch-Site", "same-site");
        request.Headers.Add("Accept", "application/x-ndjson");
        using var response = await _client.SendAsync(request, Token);
        Assert.True(response.IsSuccessStatusCode, $"{response}\n{_sample.Output}");
        Assert.Equal(_vendors.GetLeftPart(UriPartial.Authority), Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        var lines = (await response.Content.ReadAsStringAsync(Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Count(line => line.Contains("\"json\":{\"hotel\":\"oslo-", StringComparison.Ordinal));
    }

    private async Task<int> CallsOfAsync(string vendor) => (await AboutAsync()).GetProperty("calls").GetProperty(vendor).GetInt32();

    private async Task<JsonElement> AboutAsync()
    {
        using var about = JsonDocument.Parse(await _client.GetStringAsync(new Uri(_vendors, "about"), Token));
        return about.RootElement.Clone();
    }
}
