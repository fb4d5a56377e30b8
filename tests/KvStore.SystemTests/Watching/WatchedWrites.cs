using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;

namespace KvStore.SystemTests;

/// <summary>Clients that write at random, and what was acknowledged to them.</summary>
internal sealed class WatchedWrites : IDisposable
{
    public const int Keys = 12;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly ConcurrentQueue<(long Revision, string Key, string? Text)> _answered = new();

    /// <summary>Where the service is now; it moves when it is started again.</summary>
    public Uri Address { get; set; } = new("http://unknown.invalid");

    /// <summary>Every change that was answered as done: no text is a deletion.</summary>
    public IReadOnlyCollection<(long Revision, string Key, string? Text)> Answered => _answered;

    /// <summary>Writes until it is cancelled. What gets no answer is forgotten, and may have been written.</summary>
    public async Task WriteAsync(int writer, Random random, CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            try
            {
                await WriteOneAsync(random, $"{writer}.{i}");
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
            {
                // The service is being started again.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>The present entries, by key.</summary>
    public async Task<(long Revision, Dictionary<string, (long Revision, string? Text)> Entries)> ListAsync()
    {
        using var response = await _http.GetAsync(new Uri(Address, "/v1/kv?prefix=&values=true&limit=1000"), TestContext.Current.CancellationToken);
        var page = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).RootElement;
        return (page.GetProperty("revision").GetInt64(), page.GetProperty("items").EnumerateArray().ToDictionary(
            item => item.GetProperty("key").GetString()!,
            item => (item.GetProperty("revision").GetInt64(), item.GetProperty("text").GetString())));
    }

    public void Dispose() => _http.Dispose();

    private async Task WriteOneAsync(Random random, string text)
    {
        var key = $"{"ab"[random.Next(2)]}/{random.Next(Keys)}";
        switch (random.Next(6))
        {
            case 0:
                await SendAsync(HttpMethod.Delete, $"/v1/kv/{key}", null, (key, null));
                break;
            case 1:
                // Both or none, in one event for a watcher of both.
                var number = random.Next(Keys);
                (string, string?)[] pair = [($"pair/{number}/left", text), ($"pair/{number}/right", text)];
                var operations = pair.Select(one => new { put = new { key = one.Item1, text, content_type = "text/plain" } });
                await SendAsync(HttpMethod.Post, "/v1/txn", JsonContent.Create(new { operations }), pair);
                break;
            default:
                await SendAsync(HttpMethod.Put, $"/v1/kv/{key}", new StringContent(text), (key, text));
                break;
        }
    }

    private async Task SendAsync(HttpMethod method, string target, HttpContent? content, params (string Key, string? Text)[] changes)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, target)) { Content = content };
        using var response = await _http.SendAsync(request, CancellationToken.None);
        if (!response.IsSuccessStatusCode)
        {
            Assert.True((int)response.StatusCode is 404 or 429 or 503 or 504, $"{method} {target}: {response}");
            return;
        }

        var revision = long.Parse(response.Headers.GetValues("KvStore-Revision").Single(), CultureInfo.InvariantCulture);
        foreach (var (key, text) in changes)
            _answered.Enqueue((revision, key, text));
    }
}
