using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>An HTTP client that sends targets as they are written, and holds every answer against the contract.</summary>
public sealed class KvClient(IPEndPoint endPoint, int connectionsMax = 64) : IDisposable
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = connectionsMax,
        AllowAutoRedirect = false,
        UseProxy = false,
        Expect100ContinueTimeout = TimeSpan.FromSeconds(20),
    });

    public Task<Response> GetAsync(string target, params (string Name, string Value)[] headers) => SendAsync("GET", target, null, headers);

    public Task<Response> DeleteAsync(string target, params (string Name, string Value)[] headers) => SendAsync("DELETE", target, null, headers);

    public Task<Response> PutAsync(string target, string body, params (string Name, string Value)[] headers) =>
        SendAsync("PUT", target, new ByteArrayContent(Encoding.UTF8.GetBytes(body)), headers);

    public Task<Response> PutAsync(string target, byte[] body, params (string Name, string Value)[] headers) =>
        SendAsync("PUT", target, new ByteArrayContent(body), headers);

    public Task<Response> PostAsync(string target, string? body = null, params (string Name, string Value)[] headers) => SendTextAsync("POST", target, body, headers);

    public Task<Response> PatchAsync(string target, string? body = null, params (string Name, string Value)[] headers) => SendTextAsync("PATCH", target, body, headers);

    private Task<Response> SendTextAsync(string method, string target, string? body, (string Name, string Value)[] headers) =>
        SendAsync(method, target, body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)), headers);

    public Task<Response> PostJsonAsync(string target, string json, params (string Name, string Value)[] headers) =>
        SendAsync("POST", target, new StringContent(json, Encoding.UTF8, "application/json"), headers);

    public Task<Response> ImportAsync(string lines, params (string Name, string Value)[] headers) => ImportAsync(Encoding.UTF8.GetBytes(lines), headers);

    public Task<Response> ImportAsync(byte[] lines, params (string Name, string Value)[] headers) =>
        SendAsync("POST", "/v1/import", new ByteArrayContent(lines) { Headers = { { "Content-Type", "application/x-ndjson" } } }, headers);

    public async Task<Response> SendAsync(string method, string target, HttpContent? content, params (string Name, string Value)[] headers)
    {
        Assert.True(Uri.TryCreate($"http://{endPoint}{target}", AsWritten, out var uri));
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), uri) { Content = content };
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
                Assert.True(request.Content!.Headers.TryAddWithoutValidation(name, value));
            else
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = new Response((int)response.StatusCode, Collect(response.Headers, response.Content.Headers), await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Contract.Check(method, target, answer);
        return answer;
    }

    public void Dispose() => _http.Dispose();

    private static Dictionary<string, string> Collect(params HttpHeaders[] all) => all
        .SelectMany(headers => headers.NonValidated)
        .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
}
