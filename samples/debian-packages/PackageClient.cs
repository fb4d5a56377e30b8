using System.Net;

/// <summary>Stores and compares single records. Both return null on success, and otherwise a description of the failure.</summary>
internal sealed class PackageClient(Uri address, int connections) : IDisposable
{
    private const int TriesMax = 20;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _client.GetAsync(new Uri("/readyz", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    public Task<string?> StoreAsync(string package, ReadOnlyMemory<byte> record) => SendAsync(
        () => new HttpRequestMessage(HttpMethod.Put, KeyOf(Uri.EscapeDataString(package))) { Content = new ReadOnlyMemoryContent(record) },
        response => Task.FromResult(response.IsSuccessStatusCode ? null : Unexpected(response)));

    // Unlike StoreAsync this does not escape the name, because a plus sign in a path is a plus sign either way.
    public Task<string?> CompareAsync(string package, ReadOnlyMemory<byte> record) => SendAsync(
        () => new HttpRequestMessage(HttpMethod.Get, KeyOf(package)),
        async response =>
        {
            if (response.StatusCode != HttpStatusCode.OK)
                return Unexpected(response);
            var bytes = await response.Content.ReadAsByteArrayAsync();
            return record.Span.SequenceEqual(bytes) ? null : $"differs: {bytes.Length} bytes instead of {record.Length}";
        });

    public void Dispose() => _client.Dispose();

    private static Uri KeyOf(string package) => new("/v1/kv/debian/" + package, UriKind.Relative);

    private static string Unexpected(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.ReasonPhrase}";

    /// <summary>Sends a request, and retries after a 429 or 503 that has a Retry-After.</summary>
    private async Task<string?> SendAsync(Func<HttpRequestMessage> request, Func<HttpResponseMessage, Task<string?>> check)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var message = request();
                using var response = await _client.SendAsync(message);
                var rejected = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
                if (!rejected || tries == TriesMax || response.Headers.RetryAfter?.Delta is not { } wait)
                    return await check(response);

                // Up to twice as long, because clients that were rejected together would otherwise retry together.
                await Task.Delay((wait < WaitMax ? wait : WaitMax) * (1 + Random.Shared.NextDouble()));
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                return exception.Message;
            }
        }
    }
}
