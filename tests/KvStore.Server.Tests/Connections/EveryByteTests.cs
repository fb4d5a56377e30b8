using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Every byte of every answer and event, while clients send requests without waiting, read late, and leave in the middle.</summary>
public sealed class EveryByteTests : IAsyncLifetime
{
    private const int Clients = 8;
    private const int StepsPerClient = 40;

    // More than what a connection buffers on both sides, so that senders have to wait for late readers.
    private const int ValueBytesMax = 300_000;

    private static readonly byte[] Noise = NewNoise();

    private readonly ConcurrentDictionary<string, byte> _written = new();
    private KvServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await KvServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Answers_ClientsAtRandom_AreExact()
    {
        var random = Seed.NewRandom();
        using var prompt = await EventStream.OpenAsync(_server.Address, "?prefix=&values=true");
        using var late = await EventStream.OpenAsync(_server.Address, "?prefix=&values=true");
        var reading = ReadToEndAsync(prompt);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => (client, seed: random.Next())).Select(one => Task.Run(() => RunAsync(one.client, new Random(one.seed)))));
        await PutAsync("end", 0, 0);
        Assert.Equal(_written.Keys.Order(), (await reading.Within()).Order());

        // It has not read anything until now.
        Assert.Equal(_written.Keys.Order(), (await ReadToEndAsync(late).Within()).Order());
    }

    // A client writes keys of its own, and reads those of all.
    private async Task RunAsync(int client, Random random)
    {
        var connection = await _server.ConnectAsync();
        for (var step = 0; step < StepsPerClient; step++)
        {
            if (random.Next(3) == 0)
                await PutAsync($"{client}-{random.Next(3)}", step, SizeAtRandom(random));
            var keys = Enumerable.Range(0, random.Next(1, 12)).Select(_ => $"{random.Next(Clients)}-{random.Next(3)}").ToList();
            var isLast = random.Next(8) == 0;
            for (var i = 0; i < keys.Count; i++)
                await connection.SendAsync($"GET /v1/kv/{keys[i]} HTTP/1.1\r\nHost: localhost\r\n{(isLast && i == keys.Count - 1 ? "Connection: close\r\n" : "")}\r\n");
            if (random.Next(8) == 0)
            {
                connection.Reset();
                connection = await _server.ConnectAsync();
                continue;
            }

            foreach (var key in keys)
            {
                var response = await connection.ReadAsync();
                if (response.Status == 200)
                    Check(key, response.Body);
                else
                    Assert.Equal(404, response.Status);
            }

            if (!isLast)
                continue;
            Assert.Equal("", await connection.ReadToEndAsync());
            connection.Dispose();
            connection = await _server.ConnectAsync();
        }

        connection.Dispose();
    }

    private async Task PutAsync(string key, int number, int size)
    {
        using var connection = await _server.ConnectAsync();
        var value = Value(key, number, size);
        await connection.SendAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {value.Length}\r\n\r\n");
        await connection.SendAsync(value);
        Assert.InRange((await connection.ReadAsync("PUT")).Status, 201, 204);
        _written[$"{key} {number}"] = 0;
    }

    private static async Task<List<string>> ReadToEndAsync(EventStream stream)
    {
        var read = new List<string>();
        for (var last = 0L; ;)
        {
            var change = await stream.NextAsync("change");
            Assert.True(change.Revision > last, $"{change.Revision} after {last}");
            last = change.Revision;
            foreach (var item in change.Json.GetProperty("changes").EnumerateArray())
            {
                var key = item.GetProperty("key").GetString()!;
                read.Add($"{key} {Check(key, item.TryGetProperty("text", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!) : item.GetProperty("base64").GetBytesFromBase64())}");
                if (key == "end")
                    return read;
            }
        }
    }

    private static int SizeAtRandom(Random random) => random.Next(random.Next(4) == 0 ? ValueBytesMax : random.Next(2) == 0 ? 5000 : 100);

    // The number of the value.
    private static int Check(string key, byte[] value)
    {
        var header = Encoding.ASCII.GetString(value, 0, Math.Min(value.Length, 64)).Split(' ');
        Assert.Equal(key, header[0]);
        var (number, size) = (int.Parse(header[1], CultureInfo.InvariantCulture), int.Parse(header[2], CultureInfo.InvariantCulture));
        var expected = Value(key, number, size);
        Assert.True(expected.AsSpan().SequenceEqual(value), $"{key} {number} {size}: differs at {expected.AsSpan().CommonPrefixLength(value)} of {value.Length}");
        return number;
    }

    private static byte[] Value(string key, int number, int size) =>
        [.. Encoding.ASCII.GetBytes($"{key} {number} {size} "), .. Noise.AsSpan(number * 31, size)];

    private static byte[] NewNoise()
    {
        var noise = new byte[ValueBytesMax + (StepsPerClient * 31)];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
