using System.Globalization;
using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>What /metrics tells, read as Prometheus reads it.</summary>
public sealed partial class MetricsTests
{
    private const string Count = "kvstore_http_requests_total";
    private const string Duration = "kvstore_http_request_duration_seconds";

    [Fact]
    public async Task Metrics_Requests_CountByOperationAndStatus()
    {
        await using var server = await KvServer.StartAsync();

        // The OpenAPI document was read, too.
        (await server.Client.PutAsync("/v1/kv/key", "value")).Expect(201);
        for (var i = 0; i < 3; i++)
            (await server.Client.PutAsync("/v1/kv/key", "value")).Expect(204);
        (await server.Client.GetAsync("/v1/kv/key")).Expect(200);
        (await server.Client.GetAsync("/v1/kv/absent")).Expect(404);
        (await server.Client.GetAsync("/nowhere")).Expect(404);

        var metrics = await ReadAsync(server);
        Assert.Equal(
            [("getEntry", "200", 1), ("getEntry", "404", 1), ("other", "404", 1), ("putEntry", "201", 1), ("putEntry", "204", 3)],
            metrics.Where(sample => sample.Name == Count && (sample.Labels["operation"], sample.Labels["status"]) != ("other", "200")).Select(sample => (sample.Labels["operation"], sample.Labels["status"], (int)sample.Value)));
        foreach (var (operation, requests) in new[] { ("getEntry", 2), ("putEntry", 4) })
        {
            var buckets = metrics.Where(sample => sample.Name == Duration + "_bucket" && sample.Labels["operation"] == operation).ToArray();
            Assert.Equal(buckets.Select(bucket => bucket.Value).Order(), buckets.Select(bucket => bucket.Value));
            Assert.Equal(("+Inf", requests), (buckets[^1].Labels["le"], (int)buckets[^1].Value));
            Assert.Equal(requests, Value(metrics, Duration + "_count", operation));
            Assert.InRange(Value(metrics, Duration + "_sum", operation), 1e-6, 60);
        }
    }

    // One client that wants to wait for a minute would look like a service that is slow.
    [Fact]
    public async Task Metrics_LongPoll_IsCountedWithoutDuration()
    {
        await using var server = await KvServer.StartAsync(("SlowRequestTime", "00:00:00.1"));
        (await server.Client.GetAsync("/v1/kv/key?wait=1")).Expect(404);
        var metrics = await ReadAsync(server);
        Assert.Equal(1, Value(metrics, Count, "getEntry"));
        Assert.Equal(0, Value(metrics, Duration + "_count", "getEntry"));
    }

    [Fact]
    public async Task Metrics_OfStore_EqualStatus()
    {
        await using var server = await KvServer.StartAsync(("WatchersMax", "7"));
        (await server.Client.PutAsync("/v1/kv/key", "value")).Expect(201);
        var status = (await server.Client.GetAsync("/v1/status")).Expect(200).Json;
        var metrics = await ReadAsync(server);
        foreach (var name in new[] { "revision", "oldest_revision", "keys", "bytes", "watchers" })
            Assert.Equal(status.GetProperty(name).GetDouble(), Value(metrics, "kvstore_" + name));
        foreach (var name in new[] { "operations", "operations_max", "bytes", "bytes_max" })
            Assert.Equal(status.GetProperty("queue").GetProperty(name).GetDouble(), Value(metrics, "kvstore_queue_" + name));
        Assert.Equal((1, 7), (Value(metrics, "kvstore_running"), Value(metrics, "kvstore_watchers_max")));
        foreach (var account in status.GetProperty("memory").GetProperty("accounts").EnumerateObject().Where(account => account.Name is "entries" or "history" or "idempotency"))
        {
            foreach (var (member, metric) in new[] { ("bytes", "bytes"), ("bytes_max", "bytes_max"), ("refusals", "refusals_total") })
                Assert.Equal(account.Value.GetProperty(member).GetDouble(), Assert.Single(metrics, sample => sample.Name == "kvstore_memory_" + metric && sample.Labels["account"] == account.Name).Value);
        }

        var info = Assert.Single(metrics, sample => sample.Name == "kvstore_info");
        Assert.Equal((status.GetProperty("version").GetString(), "memory"), (info.Labels["version"], info.Labels["engine"]));
    }

    private static double Value(IEnumerable<Sample> metrics, string name, string? operation = null) =>
        Assert.Single(metrics, sample => sample.Name == name && (operation is null || sample.Labels["operation"] == operation)).Value;

    // Fails on a line that is not of the format, and on a sample whose metric was not described just before.
    private static async Task<Sample[]> ReadAsync(KvServer server)
    {
        var answer = (await server.Client.GetAsync("/metrics")).Expect(200);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Header("Content-Type"));
        var samples = new List<Sample>();
        var described = "";
        Assert.EndsWith("\n", answer.Text, StringComparison.Ordinal);
        foreach (var line in answer.Text[..^1].Split('\n'))
        {
            if (Description().Match(line) is { Success: true } description)
            {
                described = description.Groups[1].Value;
                continue;
            }

            var match = SampleLine().Match(line);
            Assert.True(match.Success, $"Not of the format: {line}");
            Assert.StartsWith(described, match.Groups[1].Value, StringComparison.Ordinal);
            var labels = match.Groups[3].Captures.Zip(match.Groups[4].Captures).ToDictionary(pair => pair.First.Value, pair => pair.Second.Value);
            samples.Add(new Sample(match.Groups[1].Value, labels, double.Parse(match.Groups[5].Value, CultureInfo.InvariantCulture)));
        }

        Assert.Equal(samples.Count, samples.DistinctBy(sample => (sample.Name, string.Join(',', sample.Labels))).Count());
        return [.. samples];
    }

    [GeneratedRegex("""^# (?:HELP ([a-z_]+) .+|TYPE ([a-z_]+) (?:counter|gauge|histogram))$""")]
    private static partial Regex Description();

    [GeneratedRegex("""^([a-z_]+)(\{(?:([a-z_]+)="([^"\\]*)",?)+\})? (-?[0-9.E+-]+)$""")]
    private static partial Regex SampleLine();

    private sealed record Sample(string Name, Dictionary<string, string> Labels, double Value);
}
