
namespace KvStore.SystemTests;

/// <summary>More writes than the queue takes: some are refused, none is lost, and memory stays bounded.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Put_QueueOfOne_IsRejectedWithRetryAfterOrApplied()
    {
        const int Connections = 100;
        const int WritesPerConnection = 50;
        await using var server = await ServerProcess.StartAsync(("QueueOperationsMax", "1"), ("BatchOperationsMax", "1"));

        var results = await Task.WhenAll(Enumerable.Range(0, Connections).Select(number => Task.Run(() => WriteAllAsync(server.Address, number, WritesPerConnection))));

        var answers = results.SelectMany(result => result).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", answers.CountBy(answer => answer.Answer.Status)));
        Assert.Contains(answers, answer => answer.Answer.Status == 429);
        Assert.Contains(answers, answer => answer.Answer.Status == 201);
        Assert.All(answers, answer => Assert.True(answer.Answer.Status is 201 or 429, $"{answer.Answer}"));
        Assert.All(answers.Where(answer => answer.Answer.Status == 429), answer =>
        {
            Assert.True(int.Parse(answer.Answer.Header("Retry-After") ?? "0", System.Globalization.CultureInfo.InvariantCulture) >= 1);
            Assert.Equal("application/problem+json", answer.Answer.Header("Content-Type"));
            Assert.Equal("not-applied", answer.Answer.Json.GetProperty("outcome").GetString());
        });

        using var reader = await RawConnection.ConnectAsync(server.Address);
        foreach (var (key, answer) in answers)
        {
            var read = await reader.ExchangeAsync($"GET /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal((key, answer.IsSuccess ? 200 : 404), (key, read.Status));
            if (answer.IsSuccess)
                Assert.Equal((key, answer.ETag), (read.Text, read.ETag));
        }
    }

    /// <summary>A gibibyte goes through a service that may keep a few mebibytes of it; the writes are of a few keys.</summary>
    [Fact]
    public async Task Put_LargeValuesOverload_MemoryIsBounded()
    {
        const int Connections = 32;
        const int WritesPerConnection = 32;
        const int ValueBytes = 1 << 20;
        const long PeakBytesMax = 640L << 20;

        // Room for the largest write that there can be, and so for one of these.
        const int QueueBytes = ValueBytes + (64 << 10);
        await using var server = await ServerProcess.StartAsync(("QueueBytesMax", $"{QueueBytes}"), ("HistoryBytesMax", $"{8 << 20}"));
        var value = new string('v', ValueBytes);

        var statuses = await Task.WhenAll(Enumerable.Range(0, Connections).Select(number => Task.Run(async () =>
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            var seen = new List<int>();
            for (var i = 0; i < WritesPerConnection; i++)
                seen.Add((await connection.ExchangeAsync($"PUT /v1/kv/large/{number % 8} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {ValueBytes}\r\n\r\n{value}")).Status);
            return seen;
        })));

        var peak = server.PeakMemoryBytes();
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(", ", statuses.SelectMany(seen => seen).CountBy(status => status))}; peak {peak >> 20} MiB");
        Assert.All(statuses.SelectMany(seen => seen), status => Assert.True(status is 201 or 204 or 429, $"{status}"));
        Assert.InRange(peak, 0, PeakBytesMax);
        Assert.True(await server.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<List<(string Key, Response Answer)>> WriteAllAsync(Uri address, int number, int count)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        var answers = new List<(string, Response)>();
        for (var i = 0; i < count; i++)
        {
            var key = $"queue/{number}/{i}";
            answers.Add((key, await connection.ExchangeAsync($"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {key.Length}\r\n\r\n{key}")));
        }

        return answers;
    }
}
