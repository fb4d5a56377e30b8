using System.Diagnostics;

namespace KvStore.Origins.Tests;

public sealed class LoadSpanTests : IDisposable
{
    private const string SourceName = "KvStore.Origins.Tests.Requests";

    private readonly ActivitySource _requests = new(SourceName);
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name is SourceName or StoreMetrics.MeterName,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public LoadSpanTests() => ActivitySource.AddActivityListener(_listener);

    [Fact]
    public async Task Call_ForSeveralRequests_IsInTheTraceOfTheFirst_AndLinkedWithTheOthers()
    {
        await using var bench = new PoolBench(keysMax: 2);
        var called = new TaskCompletionSource<Activity?>();
        bench.Source.Script = (keys, _) =>
        {
            called.TrySetResult(Activity.Current);
            return Task.FromResult(ScriptedSource.Repeat(ScriptedSource.Value, keys));
        };
        var (first, firstAnswer) = Request(bench, 1);
        var (second, secondAnswer) = Request(bench, 2);
        await Task.WhenAll(firstAnswer, secondAnswer).Within();
        var span = (await called.Task.Within())!;
        Assert.Equal(("load", first.TraceId, first.SpanId, ActivityKind.Client), (span.OperationName, span.TraceId, span.ParentSpanId, span.Kind));
        Assert.Equal(second.SpanId, Assert.Single(span.Links).Context.SpanId);
        Assert.Equal(span.SpanId, Assert.Single(second.Links).Context.SpanId);
        Assert.Equal(("vendor", 2), (span.GetTagItem("kvstore.origin"), span.GetTagItem("kvstore.load.keys")));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _requests.Dispose();
    }

    private (Activity Span, Task<LoadAnswer> Answer) Request(PoolBench bench, int number)
    {
        using var span = _requests.StartActivity("request");
        return (span!, bench.LoadAsync(number));
    }
}
