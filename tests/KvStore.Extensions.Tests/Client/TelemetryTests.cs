using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KvStore.Extensions.Tests;

/// <summary>What the client reports of its calls, under the names that its README lists.</summary>
public sealed class TelemetryTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_HaveSpansAndDurations()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == KvStoreClientTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var durations = new ConcurrentQueue<(string Operation, string? Error)>();
        using var meters = new MeterListener { InstrumentPublished = Listen };
        meters.SetMeasurementEventCallback<double>((_, _, tags, _) => durations.Enqueue((Tag(tags, "db.operation.name")!, Tag(tags, "error.type"))));
        meters.Start();

        // Other tests run beside this one: its spans are those below an activity of its own.
        using var own = new Activity("test").Start();
        using var client = new KvStoreClient(service.Address);
        await client.PutAsync(_prefix + "secret-key", "1", cancellationToken: Token);
        Assert.Null(await client.GetAsync(_prefix + "absent", cancellationToken: Token));
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => client.PutAsync(_prefix + "secret-key", "2", new KvWriteOptions { IfAbsent = true }, Token));
        await client.IncrementAsync(_prefix + "count", cancellationToken: Token);

        var mine = spans.Where(span => span.TraceId == own.TraceId).ToArray();
        Assert.Equal(["PUT /v1/kv/{key}", "GET /v1/kv/{key}", "PUT /v1/kv/{key}", "POST /v1/counters/{key}"], mine.Select(span => span.DisplayName));
        Assert.Equal([null, null, "precondition-failed", null], mine.Select(span => span.GetTagItem("error.type")));
        Assert.All(mine, span => Assert.Equal(("kvstore", "127.0.0.1", ActivityKind.Client), (span.GetTagItem("db.system.name"), span.GetTagItem("server.address"), span.Kind)));
        Assert.DoesNotContain(mine, span => span.TagObjects.Any(tag => tag.Value is string text && text.Contains("secret-key", StringComparison.Ordinal)));
        Assert.Contains(("PUT /v1/kv/{key}", "precondition-failed"), durations);
        Assert.Contains(("GET /v1/kv/{key}", null), durations);

        static void Listen(Instrument instrument, MeterListener listener)
        {
            if (instrument.Meter.Name == KvStoreClientTelemetry.MeterName)
                listener.EnableMeasurementEvents(instrument);
        }
    }

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name)
                return (string?)value;
        }

        return null;
    }
}
