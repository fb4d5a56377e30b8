namespace KvStore.Tests;

/// <summary>How long answers are remembered.</summary>
public class IdempotencyTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    // Of the records below: 17 bytes of key, 23 of facts.
    private const long RecordBytes = 193;

    [Fact]
    public async Task Submit_RecordExpires_AppliesAgain()
    {
        var time = new FakeTimeProvider();
        await using var store = await StartAsync(time, recordsBytesMax: 1 << 20);
        Assert.Equal("1", await AddAsync(store, "key"));
        for (var waited = TimeSpan.Zero; waited < Lifetime - Interval; waited += Interval)
        {
            time.Advance(Interval);
            Assert.Equal("again", await AddAsync(store, "key"));
        }

        time.Advance(Interval);
        await Soon.UntilAsync(() => store.ExpiringEntries == 0);
        Assert.Equal("2", await AddAsync(store, "key"));
    }

    [Fact]
    public async Task Submit_NearRecordsLimit_ForgetsOldest()
    {
        var time = new FakeTimeProvider();
        await using var store = await StartAsync(time, recordsBytesMax: RecordBytes * 4);
        await store.CommitAsync(Some.Put("entry", "with a lifetime of its own", time.GetUtcNow().AddHours(1)));
        for (var i = 1; i <= 5; i++)
        {
            Assert.Equal($"{i}", await AddAsync(store, $"key{i}"));
            time.Advance(Interval);
            await Soon.UntilAsync(() => store.ExpiringEntries == Math.Min(1 + i, 4));
        }

        Assert.Equal(["again", "again", "again", "6"], await Task.WhenAll(AddAsync(store, "key3"), AddAsync(store, "key4"), AddAsync(store, "key5"), AddAsync(store, "key1")));
        Assert.NotNull(store.Latest.Find(Some.Key("entry")));
        Assert.Equal(2, store.Latest.Count);
    }

    // Only the transaction whose record does not fit is refused, and nothing of it is applied.
    [Fact]
    public async Task Submit_RecordBeyondLimit_IsOverloadedAlone()
    {
        var time = new FakeTimeProvider();
        await using var store = await StartAsync(time, recordsBytesMax: RecordBytes);
        Assert.Equal("1", await AddAsync(store, "key1"));

        Stores.IsNotApplied(await SubmitAsync(store, "key2"), NotAppliedReason.Overloaded);
        Assert.Equal("again", await AddAsync(store, "key1"));
        Assert.Equal("1", store.Latest.Find(Some.Key("n")).Text());
        await store.CommitAsync(new Increment(Some.Key("n"), 1));
        Assert.Equal((RecordBytes, 1), (store.Memory.Idempotency.Bytes, store.Memory.Idempotency.Refusals));

        time.Advance(Interval);
        await Soon.UntilAsync(() => store.Memory.Idempotency.Bytes == 0);
        Assert.Equal("3", await AddAsync(store, "key2"));
    }

    // Version 0.1.0 stored the answer: the status (2 bytes), the revision, the ETag, ...
    [Fact]
    public void Replay_RecordOfVersion01_IsNeitherReplayedNorCommitted()
    {
        byte[] fingerprint = [1, 2, 3];
        var idempotency = new Idempotency("key"u8, fingerprint, Lifetime, 1000);
        byte[] stored = [3, .. fingerprint, 201, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, .. "\"7\""u8, 0, 0];
        var record = Entry.Create(idempotency.RecordKey, stored, "", 7, 7, 1, 0);

        Assert.Equal(new Outcome.IdempotencyKeyReused(9), idempotency.Replay(9, record));
    }

    // The memory of a record is made of its size, so a size that is wrong by a byte ends the store.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 127)]
    [InlineData(1000, 128)]
    [InlineData(100_000, 256)]
    public void Record_OfReads_HasTheSizeThatIsCharged(int valueBytes, int contentTypeLength)
    {
        var entry = Entry.Create(Some.Key("key"), new byte[valueBytes], new string('t', contentTypeLength), 1, 2, 3, 4, 5);
        var committed = new Outcome.Committed(7, null, [OperationResult.OfRead(entry), OperationResult.OfRead(null), OperationResult.Of(true, long.MinValue)]);
        var record = new byte[IdempotencyRecord.BytesOf(committed)];

        IdempotencyRecord.Write(committed, record);
        Assert.Throws<NotSupportedException>(() => IdempotencyRecord.Write(committed, new byte[record.Length - 1]));
        var parsed = IdempotencyRecord.Parse(record).Results;

        Assert.Equal((valueBytes, contentTypeLength, 5), (parsed[0].Entry!.Value.Value.Length, parsed[0].Entry!.Value.ContentType.Length, parsed[0].Entry!.Value.ExpiresAtMilliseconds));
        Assert.Equal(committed.Results[1..].ToArray(), parsed[1..].ToArray());
    }

    private static Task<Store> StartAsync(FakeTimeProvider time, long recordsBytesMax) =>
        Stores.StartAsync(new MemoryCommitLog(time), new StoreOptions { ExpiryInterval = Interval, IdempotencyBytesMax = recordsBytesMax }, time);

    private static Task<Outcome> SubmitAsync(Store store, string key)
    {
        var retry = new Idempotency(Some.Bytes(key), default, Lifetime, 1000);
        return store.SubmitAsync(new Transaction([], [new Increment(Some.Key("n"), 1)]) { Idempotency = retry }).Within();
    }

    private static async Task<string> AddAsync(Store store, string key)
    {
        return await SubmitAsync(store, key) switch
        {
            Outcome.Committed committed => committed.Changes[0].Current.Text(),
            Outcome.Replayed => "again",
            var other => other.ToString(),
        };
    }
}
