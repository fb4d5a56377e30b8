using System.Text;

namespace KvStore.Mergeable.Tests;

/// <summary>A store with mergeable values, on a log and a clock that a test controls.</summary>
internal sealed class Place : IAsyncDisposable
{
    private Place(Store store, FakeCommitLog log, FakeTimeProvider time, MergeableOptions options)
    {
        (Store, Log, Time) = (store, log, time);
        Values = new MergeableValues(store, options, time);
    }

    /// <summary>Steps of months must not take a timer's interval of a quarter of a second each.</summary>
    public static StoreOptions StoreOptions { get; } = new() { ExpiryInterval = TimeSpan.FromHours(1), QueueWaitMax = TimeSpan.FromDays(999) };

    public Store Store { get; }

    public FakeCommitLog Log { get; }

    public FakeTimeProvider Time { get; }

    public MergeableValues Values { get; }

    public static async Task<Place> StartAsync(MergeableOptions? options = null, FakeCommitLog? log = null, FakeTimeProvider? time = null)
    {
        time ??= new FakeTimeProvider();
        log ??= new FakeCommitLog(time);
        return new Place(await Stores.StartAsync(log, StoreOptions, time), log, time, options ?? new MergeableOptions());
    }

    public Entry? Find(string key) => Store.Latest.Find(Some.Key(key));

    public Task<MergeResult> MergeAsync(string key, MergeRequest request) =>
        Values.MergeAsync(Some.Key(key), request, TestContext.Current.CancellationToken).AsTask().Within();

    /// <summary>Merges what must be merged.</summary>
    public async Task<MergeResult.Merged> MergedAsync(string key, MergeRequest request) => Assert.IsType<MergeResult.Merged>(await MergeAsync(key, request));

    /// <summary>Merges what must be refused.</summary>
    public async Task<MergeRefusal> RefusedAsync(string key, MergeRequest request) => Assert.IsType<MergeResult.Refused>(await MergeAsync(key, request)).Reason;

    /// <summary>What a reader gets.</summary>
    public async Task<string> ReadAsync(string key, MergeableForm form = MergeableForm.Json)
    {
        var read = await Values.ReadAsync(Find(key)!.Value, null, form, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(read!.Bytes!.Value.Span);
    }

    /// <summary>A replica of the value as it is, under an id.</summary>
    public async Task<CrdtReplica> ReplicaAsync(string key, ulong id)
    {
        var read = await Values.ReadAsync(Find(key)!.Value, null, MergeableForm.Delta, TestContext.Current.CancellationToken);
        return MergeableValue.TryLoad(read!.Bytes!.Value.Span, new ReplicaId(id))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Values.DisposeAsync();
        await Store.DisposeAsync();
    }
}

/// <summary>Short ways to make requests.</summary>
internal static class Ask
{
    public static MergeRequest Increment(long amount, CrdtType? type = null) => new(new MergeChange.Increment(amount)) { Type = type };

    public static MergeRequest Elements(string[] add, string[] remove, CrdtType? type = null, VersionVector? context = null) =>
        new(new MergeChange.Elements(add, remove, context)) { Type = type };

    public static MergeRequest Edit(int at, string? insert, int delete = 0, CrdtType? type = null, VersionVector? basis = null) =>
        new(new MergeChange.Edits([new MergeEdit(at, insert, delete)], basis)) { Type = type };

    public static MergeRequest Delta(ReadOnlyMemory<byte> bytes, CrdtType? type = null) => new(new MergeChange.Delta(bytes)) { Type = type };

    /// <summary>What a client's replica sends: a change, and what it has then.</summary>
    public static MergeRequest Sync(CrdtReplica replica, ReadOnlyMemory<byte>? delta = null, CrdtType? type = null) =>
        new(delta is { } bytes ? new MergeChange.Delta(bytes) : null) { Replica = replica.Self, Since = replica.Version, Type = type };
}

internal static class LogExtensions
{
    /// <summary>Has the log commit nothing until the source is completed.</summary>
    public static TaskCompletionSource Block(this FakeCommitLog log)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log.Committing = () => gate.Task;
        return gate;
    }
}
