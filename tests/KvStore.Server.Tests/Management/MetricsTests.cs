using System.Globalization;
using System.Text.RegularExpressions;

namespace KvStore.Server.Tests;

/// <summary>What /metrics tells, read as Prometheus reads it.</summary>
public sealed partial class MetricsTests
{
    private const string Count = "kvstore_http_requests_total";
    private const string Duration = "http_server_request_duration_seconds";

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
            metrics.Where(sample => sample.Name == Count && (sample.Labels["operation"], sample.Labels["status"]) != ("other", "200")).Select(sample => (sample.Labels["operation"], sample.Labels["status"], (int)sample.Value)).Order());
        foreach (var (method, status, requests) in new[] { ("GET", "200", 1), ("GET", "404", 1), ("PUT", "201", 1), ("PUT", "204", 3) })
        {
            var durations = metrics.Where(sample => sample.Name.StartsWith(Duration, StringComparison.Ordinal) && sample.Labels.GetValueOrDefault("http_route") == "/v1/kv/{key}" &&
                (sample.Labels["http_request_method"], sample.Labels["http_response_status_code"], sample.Labels["url_scheme"]) == (method, status, "http")).ToArray();
            var buckets = durations.Where(sample => sample.Name == Duration + "_bucket").ToArray();
            Assert.Equal(buckets.Select(bucket => bucket.Value).Order(), buckets.Select(bucket => bucket.Value));
            Assert.Equal(("0.0001", "+Inf", requests), (buckets[0].Labels["le"], buckets[^1].Labels["le"], (int)buckets[^1].Value));
            Assert.Equal(requests, Value(durations, Duration + "_count"));
            Assert.InRange(Value(durations, Duration + "_sum"), 1e-6, 60);
        }
    }

    [Fact]
    public async Task Metrics_MethodsThatAlternate_AreCountedApart()
    {
        await using var server = await KvServer.StartAsync();
        foreach (var method in new[] { "GET", "DELETE", "GET", "DELETE", "DELETE" })
        {
            using var raw = await server.SendAsync($"{method} /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 404 ", await raw.ReadToEndAsync(), StringComparison.Ordinal);
        }

        var durations = (await ReadAsync(server)).Where(sample => sample.Name == Duration + "_count" && sample.Labels["http_response_status_code"] == "404");
        Assert.Equal([("DELETE", 3), ("GET", 2)], durations.Select(sample => (sample.Labels["http_request_method"], (int)sample.Value)).Order());
    }

    // Whatever clients send, the number of series is bounded.
    [Fact]
    public async Task Metrics_UnknownMethodAndPath_AreNoLabels()
    {
        await using var server = await KvServer.StartAsync();
        foreach (var method in new[] { "SECRET", "get" })
        {
            using var raw = await server.SendAsync($"{method} /v1/kv/secret-{method} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            await raw.ReadToEndAsync();
        }

        (await server.Client.GetAsync("/secret")).Expect(404);
        var text = (await server.Client.GetAsync("/metrics")).Expect(200).Text;
        Assert.DoesNotContain("secret", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("http_request_method=\"_OTHER\",http_response_status_code=\"405\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OfWrites_CountBatchesWaitsAndExpiries()
    {
        await using var server = await KvServer.StartAsync(("ExpiryInterval", "00:00:00.010"));
        for (var i = 0; i < 3; i++)
            (await server.Client.PutAsync($"/v1/kv/{i}?ttl=1", "value")).Expect(201);
        await Soon.UntilAsync(async () => (await ReadAsync(server)).Any(sample => sample is { Name: "kvstore_entries_expired_total", Value: 3 }));
        var metrics = await ReadAsync(server);
        Assert.Equal(3, Value(metrics, "kvstore_queue_wait_seconds_count"));
        var batches = Value(metrics, "kvstore_batch_operations_count");
        Assert.InRange(batches, 4, 6);
        Assert.Equal(batches, Value(metrics, "kvstore_commit_duration_seconds_count"));
    }

    // More than the buffers on the way take.
    [Fact]
    public async Task Metrics_ClientDoesNotRead_OthersAreAnswered()
    {
        await using var server = await KvServer.StartAsync(("SendBufferBytes", "4096"));
        using var raw = await server.SendAsync(string.Concat(Enumerable.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000)));
        for (var i = 0; i < 200; i++)
            (await server.Client.GetAsync("/metrics").Within()).Expect(200);
    }

    [Fact]
    public async Task Metrics_OfProblems_CountByName()
    {
        await using var server = await KvServer.StartAsync();
        (await server.Client.GetAsync("/v1/kv/absent")).Expect(404);
        (await server.Client.GetAsync("/v1/kv?limit=x")).Expect(400);
        (await server.Client.GetAsync("/nowhere")).Expect(404);
        (await server.Client.PostAsync("/v1/status", "")).Expect(405);
        var refusals = (await ReadAsync(server)).Where(sample => sample.Name == "kvstore_refusals_total").Select(sample => (sample.Labels["reason"], sample.Value));
        Assert.Equal([("malformed-request", 1), ("method-not-allowed", 1), ("no-such-resource", 1), ("not-found", 1)], refusals.Order());
    }

    [Fact]
    public async Task Metrics_OfDisk_CountFlushesAndEvents()
    {
        using var directories = new TemporaryDirectory();
        await using var server = await KvServer.StartAsync(("Engine", "disk"), ("Data", directories.New()));
        (await server.Client.PutAsync("/v1/kv/key", "value")).Expect(201);
        Assert.DoesNotContain(await ReadAsync(server), sample => sample.Name == "kvstore_checkpoint_age_seconds");
        (await server.Client.PostAsync("/v1/admin/checkpoint", "")).Expect(200);
        var metrics = await ReadAsync(server);
        Assert.InRange(Value(metrics, "kvstore_log_flush_duration_seconds_count"), 1, 2);
        Assert.InRange(Value(metrics, "kvstore_checkpoint_age_seconds"), 0, 60);
        Assert.Equal(
            [("checkpoint-failed", 0), ("checkpoint-written", 1), ("closed", 0), ("loaded", 1), ("no-space", 0), ("roll-failed", 0), ("space-again", 0), ("tail-cut", 0)],
            metrics.Where(sample => sample.Name == "kvstore_log_events_total").Select(sample => (sample.Labels["event"], sample.Value)).Order());
    }

    // Two services of one process have meters of the same name.
    [Fact]
    public async Task Metrics_OtherServiceOfProcess_IsNotCounted()
    {
        await using var other = await KvServer.StartAsync();
        await using var server = await KvServer.StartAsync();
        (await other.Client.PutAsync("/v1/kv/key", "value")).Expect(201);
        Assert.Equal(1, Value(await ReadAsync(other), "kvstore_keys"));
        Assert.Equal(0, Value(await ReadAsync(server), "kvstore_keys"));
    }

    // One client that wants to wait for a minute would look like a service that is slow.
    [Fact]
    public async Task Metrics_LongPoll_IsCountedWithoutDuration()
    {
        await using var server = await KvServer.StartAsync(("SlowRequestTime", "00:00:00.1"));
        (await server.Client.GetAsync("/v1/kv/key?wait=1")).Expect(404);
        var metrics = await ReadAsync(server);
        Assert.Equal(1, Value(metrics, Count, "getEntry"));
        Assert.DoesNotContain(metrics, sample => sample.Name == Duration + "_count" && sample.Labels.GetValueOrDefault("http_route") == "/v1/kv/{key}");
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
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Header("Content-Type"));
        var samples = new List<Sample>();
        var described = "";
        Assert.EndsWith("\n", answer.Text, StringComparison.Ordinal);
        foreach (var line in answer.Text[..^1].Split('\n'))
        {
            if (Description().Match(line) is { Success: true } description)
            {
                described = description.Groups[1].Value + description.Groups[2].Value;
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

    [GeneratedRegex("""^# (?:TYPE ([a-z_]+) (?:counter|gauge|histogram)|HELP ([a-z_]+) .+)$""")]
    private static partial Regex Description();

    [GeneratedRegex("""^([a-z_]+)(\{(?:([a-z_]+)="([^"\\]*)",?)*\})? (-?[0-9.E+-]+)$""")]
    private static partial Regex SampleLine();

    private sealed record Sample(string Name, Dictionary<string, string> Labels, double Value);
}
