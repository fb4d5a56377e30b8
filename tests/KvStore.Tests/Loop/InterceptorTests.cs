namespace KvStore.Tests;

/// <summary>Nothing is committed that the interceptor has not seen.</summary>
public sealed class InterceptorTests
{
    private static readonly Key Seen = ReservedKeys.Of(ReservedKind.Epoch, "seen"u8);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeInterceptor _interceptor = new();

    [Fact]
    public async Task Submit_EveryWay_PassesTheInterceptor()
    {
        await using var store = await StartAsync();
        Transaction[] transactions =
        [
            Some.Transaction(Some.Put("k", "{}", _time.GetUtcNow().AddSeconds(1))),
            Some.Transaction(MergePatch.TryCreate(Some.Key("k"), Some.Bytes("{\"a\":1}"), 1 << 20, ExpiryUpdate.Unchanged)!),
            Some.Transaction(Some.Put("large", $"{{\"a\":\"{new string('x', 2 * MergePatch.UnpreparedBytesMax)}\"}}")),
            Some.Transaction(MergePatch.TryCreate(Some.Key("large"), Some.Bytes("{\"b\":1}"), 1 << 20, ExpiryUpdate.Unchanged)!),
            Some.Transaction(new Append(Some.Key("q/"), default, "")),
            Some.Transaction(new DeletePrefix("q/"u8, 10)),
            Some.Transaction(Some.Delete("absent")),
        ];
        foreach (var transaction in transactions)
        {
            var committed = Assert.IsType<Outcome.Committed>(await store.SubmitAsync(transaction).Within());
            Assert.Equal(transaction.Operations.Length, committed.Results.Length);
            Assert.Equal(committed.Revision, store.Latest.Find(Seen)!.Value.Revision);
        }

        // The sweeper is one more.
        Assert.Equal(transactions.Length, _interceptor.Count);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Soon.UntilAsync(() => store.Latest.Find(Some.Key("k")) is null);
        Assert.Equal(transactions.Length + 1, _interceptor.Count);
        Assert.Equal(store.Latest.Revision, store.Latest.Find(Seen)!.Value.Revision);
    }

    [Fact]
    public async Task Submit_Rejected_ChangesNothing()
    {
        await using var store = await StartAsync();
        _interceptor.Rejection = RejectionReason.TooLarge;
        var rejected = Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(Some.Put("k"))).Within());
        Assert.Equal((0, RejectionReason.TooLarge, null), (rejected.Revision, rejected.Reason, rejected.Current));
        Assert.Equal(0, store.Latest.Revision);
    }

    [Fact]
    public async Task Submit_WithRecords_IsNotIntercepted()
    {
        await using var store = await StartAsync();
        _interceptor.Rejection = RejectionReason.TooLarge;
        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(Some.Transaction(Some.Put("k")).With([new Delete(Seen)])).Within());
        Assert.Equal(0, _interceptor.Count);
    }

    private async Task<Store> StartAsync()
    {
        var store = new Store(new MemoryCommitLog(_time), new StoreOptions(), _time, interceptor: _interceptor);
        store.Start();
        await store.Loaded.Within();
        return store;
    }

    private sealed class FakeInterceptor : ITransactionInterceptor
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public RejectionReason? Rejection { get; set; }

        public RejectionReason? TryReject(Snapshot latest, ref Transaction transaction)
        {
            Interlocked.Increment(ref _count);
            transaction = transaction.With([new Put(Seen, default, "")]);
            return Rejection;
        }
    }
}
