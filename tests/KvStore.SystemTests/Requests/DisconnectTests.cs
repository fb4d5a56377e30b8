using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>Clients that disconnect within a request.</summary>
public sealed class DisconnectTests
{
    private const int Clients = 50;

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n", "half of it", true)]
    [InlineData("Content-Length: 1000\r\n\r\n", "half of it", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", false)]
    public async Task Put_ClientDisconnectsInBody_LeavesNoTrace(string headers, string part, bool reset)
    {
        await using var server = await ServerProcess.StartAsync();
        using var witness = await RawConnection.ConnectAsync(server.Address);
        var before = await PutAsync(witness, "before");
        var connections = server.OpenSockets();

        for (var i = 0; i < Clients; i++)
        {
            using var client = await RawConnection.ConnectAsync(server.Address);
            await client.SendAsync($"PUT /v1/kv/partial/{i} HTTP/1.1\r\nHost: localhost\r\n{headers}{part}");
            if (reset)
                client.Reset();
        }

        await server.WaitForOpenSocketsAsync(connections);
        var list = await witness.ExchangeAsync("GET /v1/kv?prefix=partial/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(0, list.Json.GetProperty("items").GetArrayLength());
        Assert.Equal(before.Revision, list.Revision);
        Assert.Equal(404, (await witness.ExchangeAsync("GET /v1/kv/partial/0 HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
    }

    /// <summary>
    /// Clients that disconnect after ever longer times: before their write is read, while it waits, after it is committed. Which of
    /// these it was is unknown, so a write may be applied or not, but not in part; those that were seen stay.
    /// </summary>
    [Fact]
    public async Task Put_ClientDisconnectsUnanswered_IsDecided()
    {
        const int Seen = 10;
        await using var server = await ServerProcess.StartAsync();
        using var witness = await RawConnection.ConnectAsync(server.Address);
        await PutAsync(witness, "before");
        var connections = server.OpenSockets();

        for (var i = 0; i < Clients; i++)
        {
            using var client = await RawConnection.ConnectAsync(server.Address);
            await client.SendAsync($"PUT /v1/kv/unread/{i} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nwhole");
            if (i < Clients - Seen)
                SpinFor(TimeSpan.FromMicroseconds(20 * i));
            else
                await WaitUntilStoredAsync(witness, $"unread/{i}");
            if (i % 2 == 0)
                client.Reset();
        }

        await server.WaitForOpenSocketsAsync(connections);
        var list = await witness.ExchangeAsync($"GET /v1/kv?prefix=unread/&values=true&limit={Clients} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var values = list.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("text").GetString()).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"{values.Length} of {Clients} were applied");
        Assert.InRange(values.Length, Seen, Clients);
        Assert.All(values, value => Assert.Equal("whole", value));
        Assert.True((await PutAsync(witness, "after")).Revision > list.Revision);
    }

    /// <summary>Shorter than any timer.</summary>
    private static void SpinFor(TimeSpan time)
    {
        var start = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) >= time);
    }

    private static async Task WaitUntilStoredAsync(RawConnection witness, string key)
    {
        var start = Stopwatch.GetTimestamp();
        while ((await witness.ExchangeAsync($"HEAD /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status != 200)
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"{key} was never stored.");
    }

    private static async Task<Response> PutAsync(RawConnection connection, string key)
    {
        var answer = await connection.ExchangeAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv");
        Assert.Equal(201, answer.Status);
        return answer;
    }
}
