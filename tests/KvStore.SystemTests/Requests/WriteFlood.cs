using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace KvStore.SystemTests;

/// <summary>
/// Ten thousand writes of distinct keys that are sent at once over many connections, and requests that read all of
/// those keys and were begun before: they can be completed when nothing new can be begun any more.
/// </summary>
internal sealed class WriteFlood : IDisposable
{
    public const int Writes = Connections * WritesPerConnection;
    private const int Connections = 500;
    private const int WritesPerConnection = 20;
    private const int Groups = 20;

    private readonly List<RawConnection> _writers = [];
    private readonly List<RawConnection> _readers = [];
    private readonly ConcurrentDictionary<string, Response> _answers = new();
    private readonly TaskCompletionSource _quarterAnswered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WriteFlood()
    {
    }

    public Task QuarterAnswered => _quarterAnswered.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public static string ValueOf(string key) => "value of " + key;

    public static async Task<WriteFlood> OpenAsync(Uri address)
    {
        var flood = new WriteFlood();
        for (var group = 0; group < Groups; group++)
        {
            var reader = await RawConnection.ConnectAsync(address);
            flood._readers.Add(reader);

            // The line break that ends the headers is withheld.
            await reader.SendAsync($"GET /v1/kv?prefix=flood/{group}/&limit=1000&values=true HTTP/1.1\r\nHost: localhost\r\n");
        }

        for (var connection = 0; connection < Connections; connection++)
            flood._writers.Add(await RawConnection.ConnectAsync(address));
        return flood;
    }

    /// <summary>Writes everything. Ends when each write is answered or its connection is closed.</summary>
    /// <returns>The answered writes, by key.</returns>
    public async Task<IReadOnlyDictionary<string, Response>> WriteAsync()
    {
        await Task.WhenAll(_writers.Select((writer, number) => Task.Run(() => WriteAsync(writer, number))));
        return _answers;
    }

    /// <summary>Completes the requests that read, which tell the state of this moment.</summary>
    public async Task<IReadOnlyDictionary<string, (string Value, long Revision)>> ReadStoredAsync()
    {
        var stored = new Dictionary<string, (string, long)>();
        foreach (var reader in _readers)
        {
            var answer = await reader.ExchangeAsync("\r\n");
            Assert.Equal(200, answer.Status);
            var page = answer.Json;
            Assert.False(page.TryGetProperty("cursor", out var cursor) && cursor.ValueKind != System.Text.Json.JsonValueKind.Null);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                stored.Add(item.GetProperty("key").GetString()!, (item.GetProperty("text").GetString()!, item.GetProperty("revision").GetInt64()));
        }

        return stored;
    }

    public void Dispose()
    {
        foreach (var connection in _writers.Concat(_readers))
            connection.Dispose();
    }

    private async Task WriteAsync(RawConnection writer, int number)
    {
        var keys = Enumerable.Range(0, WritesPerConnection).Select(i => $"flood/{number % Groups}/{number}-{i}").ToArray();
        var requests = new StringBuilder();
        foreach (var key in keys)
            requests.Append($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {ValueOf(key).Length}\r\n\r\n{ValueOf(key)}");
        try
        {
            await writer.SendAsync(requests.ToString());
            foreach (var key in keys)
            {
                if (await writer.TryReadAsync() is not { } answer)
                    return;
                _answers[key] = answer;
                if (_answers.Count >= Writes / 4)
                    _quarterAnswered.TrySetResult();
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            // The connection was closed within an answer: the write has none.
        }
    }
}
