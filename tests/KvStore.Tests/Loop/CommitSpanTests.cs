using System.Diagnostics;

namespace KvStore.Tests;

/// <summary>The spans of commits, and how they are linked with those of their callers.</summary>
public sealed class CommitSpanTests : IDisposable
{
    private const string CallersName = "KvStore.Tests.Callers";

    private static readonly ActivitySource Callers = new(CallersName);

    private readonly List<Activity> _commits = [];
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivityListener _listener;

    public CommitSpanTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is StoreMetrics.MeterName or CallersName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == _trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.OperationName == "commit")
                    _commits.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public void Begin_BatchOfSeveralCallers_IsInFirstTraceAndLinkedWithOthers()
    {
        var (first, second) = (Caller(), Caller());
        PendingTransaction[] batch = [Pending(null), Pending(first), Pending(first), Pending(second)];
        Assert.Equal([null, first, first, second], batch.Select(pending => pending.Caller));
        using (var span = CommitSpans.Begin(batch))
            Assert.NotNull(span);
        var commit = Assert.Single(_commits);
        Assert.Equal(first.SpanId, commit.ParentSpanId);
        Assert.Equal([second.Context], commit.Links.Select(link => link.Context));
        Assert.Empty(first.Links);
        Assert.Equal([commit.Context], second.Links.Select(link => link.Context));
        Assert.Equal(4, commit.GetTagItem("kvstore.batch.operations"));
    }

    [Fact]
    public void Begin_NoRecordedCaller_IsNoSpan()
    {
        Assert.Null(CommitSpans.Begin([Pending(null)]));
        Assert.Empty(_commits);
    }

    [Fact]
    public async Task Submit_RecordedCaller_HasCommitInItsTrace()
    {
        await using var store = await Stores.StartAsync();
        var caller = Caller();
        Activity.Current = caller;
        await store.CommitAsync(Some.Put("key"));
        Activity.Current = null;
        await Soon.UntilAsync(() => _commits.Count > 0);
        Assert.Equal(caller.SpanId, Assert.Single(_commits).ParentSpanId);
    }

    public void Dispose() => _listener.Dispose();

    private Activity Caller()
    {
        var caller = Callers.StartActivity("request", ActivityKind.Server, new ActivityContext(_trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded))!;
        Activity.Current = null;
        return caller;
    }

    private static PendingTransaction Pending(Activity? caller)
    {
        Activity.Current = caller;
        var pending = new PendingTransaction(new Transaction([], []), default, new OutcomeTask(continuesInline: true));
        Activity.Current = null;
        return pending;
    }
}
