using System.Text;
using KvStore.Storage;

namespace KvStore.Origins.Tests;

/// <summary>A store with one origin, whose loads a test makes step by step.</summary>
internal sealed class OriginWorld(OriginOptions options, bool isOnDisk = false) : IAsyncDisposable
{
    private readonly FakeDisk? _disk = isOnDisk ? new FakeDisk(new Random(1)) : null;

    public FakeTimeProvider Time { get; } = new();

    public OriginState Origin { get; private set; } = null!;

    public FakeCommitLog Log { get; private set; } = null!;

    public Store Store { get; private set; } = null!;

    public static OriginOptions Options(OriginWrites writes = OriginWrites.Local) => new()
    {
        Name = "acme",
        Prefix = "rates/",
        Http = new OriginHttpOptions { Url = "http://localhost/{key}" },
        JitterPercent = 0,
        Writes = writes,
    };

    public async Task StartAsync()
    {
        Origin = new OriginState(options, TimeSpan.FromSeconds(5), Time);
        Log = _disk is null ? new FakeCommitLog(Time) : new FakeCommitLog(new DiskCommitLog(_disk.Start(), new DiskLogOptions { Directory = "data" }, Time, _ => { }, action => action()));
        Store = new Store(Log, new StoreOptions(), Time, interceptor: new OriginInterceptor(new OriginTable([Origin])));
        Store.Start();
        await Store.Loaded.Within();
    }

    /// <summary>Starts again, as after a crash, with what is durable.</summary>
    public async Task RestartAsync()
    {
        await Store.DisposeAsync();
        _disk?.CutPower();
        await StartAsync();
    }

    public KeyState Evaluate(string key = "rates/k") => Origin.Evaluate(Store.Latest, Some.Key(key));

    public LoadTicket Begin(string key = "rates/k") => Origin.Begin(Store.Latest, Some.Key(key));

    public Task<LoadCommit> CommitAsync(LoadTicket ticket, LoadResult result) => Origin.CommitAsync(Store, ticket, result).Within();

    public Task<LoadCommit> LoadAsync(string value, string key = "rates/k", string? etag = null) => CommitAsync(Begin(key), Found(value, etag));

    public static LoadResult.Found Found(string value, string? etag = null, OriginFreshness freshness = default) => new(Encoding.UTF8.GetBytes(value), "text/plain", etag, freshness);

    public async Task<Outcome> SubmitAsync(Transaction transaction) => await Store.SubmitAsync(transaction).Within();

    /// <summary>A move is the only way in for an entry with an expiry.</summary>
    public async Task MoveInAsync(string key, DateTimeOffset expiresAt)
    {
        Assert.IsType<Outcome.Committed>(await SubmitAsync(Some.Transaction(Some.Put("expiring", "before", expiresAt))));
        Assert.IsType<Outcome.Committed>(await SubmitAsync(Some.Transaction(new Move(Some.Key("expiring"), Some.Key(key)))));
    }

    public async ValueTask DisposeAsync() => await Store.DisposeAsync();
}
