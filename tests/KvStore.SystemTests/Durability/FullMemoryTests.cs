using System.Collections.Concurrent;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// A process whose heap has a hard limit, filled with entries to the bound of its memory: growth is refused as documented, everything else goes
/// on, and no acknowledged write is lost. KVSTORE_TEST_LONG=1 takes a heap of 1.5 GiB and the default settings.
/// </summary>
public sealed class FullMemoryTests : IDisposable
{
    private const int Writers = 4;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1";
    private static readonly long HeapBytesMax = IsLong ? 1536L << 20 : 384L << 20;

    // What a process of .NET has besides its heap.
    private static readonly long PeakBytesMax = HeapBytesMax + (160L << 20);

    private static readonly (string Name, string Value)[] Settings =
        [("DOTNET_GCHeapHardLimit", $"{HeapBytesMax:X}"), .. IsLong ? [] : (ReadOnlySpan<(string, string)>)[("MemoryBytesMax", "256MiB")]];

    private readonly DataDirectory _data = new();
    private readonly ConcurrentDictionary<string, string> _values = [];

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData(100, 100)]
    [InlineData(1 << 20, 1)]
    public async Task Put_MemoryIsFull_RefusesGrowthAloneAndLosesNothing(int valueBytes, int keysPerWrite)
    {
        long peak;
        await using (var server = await StartAsync())
        {
            await FillAsync(server, "first", valueBytes, keysPerWrite);
            await OverwriteAsync(server, valueBytes, keysPerWrite);
            using var connection = await RawConnection.ConnectAsync(server.Address);
            (await connection.CheckpointAsync()).Expect(200);
            await OverwriteAsync(server, valueBytes, keysPerWrite);
            peak = server.PeakMemoryBytes();
            await ReportAsync(server, "filled and overwritten");
            server.Send(Signal.Kill);
            await server.WaitForExitAsync(ServerProcess.StartTimeout);
        }

        await using var restarted = await StartAsync();
        await CheckAsync(restarted);
        await ReportAsync(restarted, "restarted");
        await MakeRoomAsync(restarted, valueBytes);
        await FillAsync(restarted, "second", valueBytes, keysPerWrite);
        await CheckAsync(restarted);
        await ReportAsync(restarted, "made room and filled again");
        Assert.InRange(Math.Max(peak, restarted.PeakMemoryBytes()), 0, PeakBytesMax);
        restarted.Send(Signal.Terminate);
        Assert.Equal(0, await restarted.WaitForExitAsync(ServerProcess.StartTimeout));
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--data", _data.FullName], Settings).WhenReadyAsync();

    // Each writer ends with its first refusal.
    private async Task FillAsync(ServerProcess server, string round, int valueBytes, int keysPerWrite)
    {
        var refusals = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = 0; ; i++)
            {
                var answer = await WriteAsync(connection, [.. Enumerable.Range(0, keysPerWrite).Select(key => $"{round}/{writer}/{i}/{key}")], 0, valueBytes);
                if (!answer.IsSuccess)
                    return answer;
            }
        })));
        Assert.All(refusals, refusal =>
        {
            Assert.Equal((507, "/docs/http-api#memory-full", "not-applied"), (refusal.Status, refusal.Json.GetProperty("type").GetString(), refusal.Json.GetProperty("outcome").GetString()));
            Assert.Equal(
                "Nothing was stored; reads continue. Deleting entries and storing smaller values still works. Delete some, or have the operator raise KvStore:MemoryBytesMax.",
                refusal.Json.GetProperty("detail").GetString());
        });
        using var reader = await RawConnection.ConnectAsync(server.Address);
        var entries = await EntriesAsync(reader);
        var (bytes, bytesMax) = (entries.GetProperty("bytes").GetInt64(), entries.GetProperty("bytes_max").GetInt64());
        Assert.InRange(bytes, bytesMax - (2 * keysPerWrite * (valueBytes + 200)), bytesMax);
        (await reader.TryPutAsync("larger", new string('v', (int)Math.Min(1 << 20, bytesMax - bytes + 8)))).ExpectProblem(507, "memory-full");
    }

    private Task OverwriteAsync(ServerProcess server, int valueBytes, int keysPerWrite)
    {
        var keys = _values.Keys.Order(StringComparer.Ordinal).Take(Writers * 20_000 / Math.Max(1, valueBytes / 1000)).Chunk(keysPerWrite).ToArray();
        return Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = writer; i < keys.Length; i += Writers)
                Assert.True((await WriteAsync(connection, keys[i], 1 + i, valueBytes)).IsSuccess);
        })));
    }

    // By deletions, by an expiry, and by smaller values.
    private async Task MakeRoomAsync(ServerProcess server, int valueBytes)
    {
        using var connection = await RawConnection.ConnectAsync(server.Address);
        (await connection.ExchangeAsync("DELETE /v1/kv?prefix=first/0/ HTTP/1.1\r\nHost: localhost\r\n\r\n")).Expect(200);
        foreach (var key in _values.Keys.Where(key => key.StartsWith("first/0/", StringComparison.Ordinal)).ToArray())
            _values.TryRemove(key, out _);
        var others = _values.Keys.Take(20).ToArray();
        foreach (var key in others[..10])
            Assert.True((await WriteAsync(connection, [key], 0, valueBytes / 2)).IsSuccess);
        foreach (var key in others[10..])
        {
            (await connection.ExchangeAsync($"PATCH /v1/kv/{key}?ttl=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")).Expect(204);
            _values.TryRemove(key, out _);
        }

        await server.WaitUntilAsync(async _ => (await connection.GetAsync(others[^1])).Status == 404);
    }

    private async Task<Response> WriteAsync(RawConnection connection, string[] keys, int generation, int valueBytes)
    {
        var values = keys.Select(key => $"{key} {generation} ".PadRight(valueBytes, 'v')).ToArray();
        var answer = keys is [var only] ? await connection.TryPutAsync(only, values[0]) : await TransactAsync(connection, keys, values);
        for (var i = 0; i < keys.Length && answer.IsSuccess; i++)
            _values[keys[i]] = values[i].Length > 1000 ? values[i][..100] : values[i];
        return answer;
    }

    private static Task<Response> TransactAsync(RawConnection connection, string[] keys, string[] values)
    {
        var body = $"{{\"operations\":[{string.Join(',', keys.Zip(values, (key, value) => $"{{\"put\":{{\"key\":\"{key}\",\"text\":\"{value}\"}}}}"))}]}}";
        return connection.ExchangeAsync($"POST /v1/txn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    // Every entry, with the beginning of its value.
    private async Task CheckAsync(ServerProcess server)
    {
        using var client = new HttpClient();
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri(server.Address, "/v1/export"), TestContext.Current.CancellationToken));
        var found = 0;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            using var entry = JsonDocument.Parse(line);
            if (!entry.RootElement.TryGetProperty("key", out var key))
                continue;
            Assert.StartsWith(_values[key.GetString()!], entry.RootElement.GetProperty("text").GetString(), StringComparison.Ordinal);
            found++;
        }

        Assert.Equal(_values.Count, found);
    }

    private static async Task<JsonElement> EntriesAsync(RawConnection connection) =>
        (await connection.ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json.GetProperty("memory").GetProperty("accounts").GetProperty("entries");

    private async Task ReportAsync(ServerProcess server, string what)
    {
        using var connection = await RawConnection.ConnectAsync(server.Address);
        var memory = (await connection.ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json.GetProperty("memory");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {_values.Count} entries, peak {server.PeakMemoryBytes() >> 20} MiB, {memory}");
    }
}
