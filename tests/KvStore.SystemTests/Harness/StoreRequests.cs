using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>The requests that many tests send over a raw connection.</summary>
internal static class StoreRequests
{
    /// <summary>Stores a value and asserts success.</summary>
    public static async Task<Response> PutAsync(this RawConnection connection, string key, string value)
    {
        var response = await connection.TryPutAsync(key, value);
        return response.IsSuccess ? response : throw new InvalidOperationException($"PUT {key}: {response}");
    }

    public static Task<Response> TryPutAsync(this RawConnection connection, string key, string value) =>
        connection.ExchangeAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {value.Length}\r\n\r\n{value}");

    public static Task<Response> GetAsync(this RawConnection connection, string key) =>
        connection.ExchangeAsync($"GET /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    public static Task<Response> CheckpointAsync(this RawConnection connection) =>
        connection.ExchangeAsync("POST /v1/admin/checkpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");

    /// <summary>Reads the status of the service's log.</summary>
    public static async Task<JsonElement> LogStatusAsync(this RawConnection connection) =>
        (await connection.ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json.GetProperty("log");
}
