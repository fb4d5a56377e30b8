using System.Net;
using System.Net.Http.Headers;

namespace KvStore.SystemTests;

/// <summary>Who can use a service that was started without keys.</summary>
public sealed class ProtectedModeTests : IDisposable
{
    private const int BadSettings = 2;

    private readonly DataDirectory _data = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Start_WithoutKeysOnANetwork_IsRefusedWithTheWaysOut()
    {
        await using var server = ServerProcess.Launch(["--urls", "http://0.0.0.0:0"]);
        Assert.Equal(BadSettings, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        var said = server.Error.ToString();
        Assert.Contains("keys new --name admin", said, StringComparison.Ordinal);
        Assert.Contains("KvStore:AllowAnonymous=true", said, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(server.WorkingDirectory, "data")), server.Transcript);

        await using var open = ServerProcess.Launch(["--urls", "http://0.0.0.0:0"], ("AllowAnonymous", "true"), ("Engine", "memory"));
        await open.WaitForLineAsync(line => line.Contains("serves http://0.0.0.0:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithFirstKey_ShowsItOnceAndKeepsIt()
    {
        string key;
        await using (var first = await _data.StartAsync(("FirstKey", "true")))
        {
            key = Assert.Single(first.Output.ToArray(), line => line.StartsWith("kv_", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.Unauthorized, await PutAsync(first, null));
            Assert.Equal(HttpStatusCode.Created, await PutAsync(first, key));
        }

        await using var second = await _data.StartAsync(("FirstKey", "true"));
        Assert.DoesNotContain("kv_", second.Transcript, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await PutAsync(second, null));
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(second, key));
    }

    private static async Task<HttpStatusCode> PutAsync(ServerProcess server, string? key)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/a") { Content = new StringContent("v") };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var response = await http.SendAsync(request, Token);
        return response.StatusCode;
    }
}
