namespace KvStore.Tests;

public sealed class ExtendTests
{
    private static readonly Key K = Some.Key("k");

    [Theory]
    [InlineData(10, 5)]
    [InlineData(10, 5000)]
    [InlineData(SharedValue.BytesMin - 6, 5)]
    [InlineData(SharedValue.BytesMin - 5, 5)]
    [InlineData(100_000, 45)]
    public async Task Extend_Length_ContinuesTheValue(int bytes, int suffixBytes)
    {
        await using var store = await Stores.StartAsync();
        var created = (await store.CommitAsync(Rewrite(bytes))).Revision;
        var whole = Bytes(bytes);
        for (var i = 0; i < 20; i++)
        {
            var suffix = Bytes(suffixBytes + i);
            var committed = await store.CommitAsync(new Extend(K, created, whole.Length, suffix));
            whole = [.. whole, .. suffix];

            var change = Assert.Single(committed.Changes.ToArray());
            var entry = Assert.NotNull(store.Latest.Find(K));
            Assert.Equal(entry, change.Current);
            Assert.True(change.TryGetSuffix(out var added));
            Assert.True(added.Span.SequenceEqual(suffix));
            Assert.True(entry.Value.Span.SequenceEqual(whole));
            Assert.Equal((created, committed.Revision, i + 2L, Entry.MergeableContentType), (entry.CreatedRevision, entry.Revision, entry.Version, entry.ContentType));
            Assert.True(committed.Results[0].Existed);
        }
    }

    [Fact]
    public async Task Extend_OtherEntry_IsRejected()
    {
        await using var store = await Stores.StartAsync();
        Assert.Equal((RejectionReason.Conflict, null), await RejectionOf(new Extend(K, 1, 0, Bytes(1))));

        await store.CommitAsync(Some.Put("k", "0123456789"));
        Assert.Equal((RejectionReason.NotMergeable, store.Latest.Find(K)), await RejectionOf(new Extend(K, 1, 10, Bytes(1))));

        await store.CommitAsync(Some.Delete("k"));
        var created = (await store.CommitAsync(Rewrite(10))).Revision;
        Assert.Equal((RejectionReason.Conflict, store.Latest.Find(K)), await RejectionOf(new Extend(K, created - 1, 10, Bytes(1))));
        Assert.Equal((RejectionReason.Conflict, store.Latest.Find(K)), await RejectionOf(new Extend(K, created, 9, Bytes(1))));
        Assert.Equal((RejectionReason.Conflict, store.Latest.Find(K)), await RejectionOf(new Extend(K, created, 11, Bytes(1))));

        await store.CommitAsync(new Extend(K, created, 10, Bytes(1)));
        Assert.Equal((RejectionReason.Conflict, store.Latest.Find(K)), await RejectionOf(new Extend(K, created, 10, Bytes(1))));
        Assert.Throws<ArgumentException>(() => new Extend(K, created, 11, default));

        async Task<(RejectionReason, Entry?)> RejectionOf(Operation operation) =>
            Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(operation)).Within()) is var rejected ? (rejected.Reason, rejected.Current) : default;
    }

    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    public async Task Extend_Expiry_IsKeptOrReplaced(int bytes)
    {
        await using var store = await Stores.StartAsync();
        var (first, second) = (DateTimeOffset.UnixEpoch.AddYears(900), DateTimeOffset.UnixEpoch.AddYears(901));
        var created = (await store.CommitAsync(new Put(K, Bytes(bytes), Entry.MergeableContentType, first) { IsRewrite = true })).Revision;
        Assert.Equal(first, await ExpiryAfter(ExpiryUpdate.Unchanged));
        Assert.Equal(second, await ExpiryAfter(ExpiryUpdate.At(second)));
        Assert.Null(await ExpiryAfter(ExpiryUpdate.Never));
        Assert.Null(await ExpiryAfter(ExpiryUpdate.Unchanged));

        async Task<DateTimeOffset?> ExpiryAfter(ExpiryUpdate update)
        {
            var change = (await store.CommitAsync(new Extend(K, created, store.Latest.Find(K)!.Value.ValueLength, Bytes(3), update))).Changes[0];
            Assert.True(change.TryGetSuffix(out var suffix));
            Assert.Equal(Bytes(3), suffix.ToArray());
            return change.Current!.Value.ExpiresAt;
        }
    }

    // Of what an entry becomes, only an extension says what was added.
    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    public async Task TryGetSuffix_OtherChange_IsFalse(int bytes)
    {
        await using var store = await Stores.StartAsync();
        await AssertNone(Rewrite(bytes));
        await AssertNone(Rewrite(bytes - 1));
        await AssertNone(new SetExpiry(K, ExpiryUpdate.At(DateTimeOffset.UnixEpoch.AddYears(900))));
        await store.CommitAsync(new Extend(K, 1, bytes - 1, Bytes(5)));
        await AssertNone(new SetExpiry(K, ExpiryUpdate.Never));
        await AssertNone(new Move(K, Some.Key("other")));
        await AssertNone(new Move(Some.Key("other"), K));
        await AssertNone(new Delete(K));
        await AssertNone(Some.Put("k", "text"));
        await AssertNone(Some.Put("k", "text and more"));

        async Task AssertNone(Operation operation) =>
            Assert.All((await store.CommitAsync(operation)).Changes.ToArray(), change => Assert.False(change.TryGetSuffix(out _)));
    }

    [Fact]
    public async Task Extend_SameIdempotencyKey_AppliesOnce()
    {
        await using var store = await Stores.StartAsync();
        var created = (await store.CommitAsync(Rewrite(10))).Revision;
        var first = Assert.IsType<Outcome.Committed>(await store.SubmitAsync(Retry()).Within());
        var second = Assert.IsType<Outcome.Replayed>(await store.SubmitAsync(Retry()).Within());
        Assert.Equal((first.Revision, true), (second.Original.Revision, second.Original.Results[0].Existed));
        Assert.Equal(15, store.Latest.Find(K)!.Value.ValueLength);

        Transaction Retry() => new([], [new Extend(K, created, 10, Bytes(5))]) { Idempotency = new Idempotency("i"u8, Bytes(4), TimeSpan.FromHours(1), 1000) };
    }

    internal static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = (byte)((i * 7) + count);
        return bytes;
    }

    private static Put Rewrite(int bytes) => new(K, Bytes(bytes), Entry.MergeableContentType) { IsRewrite = true };
}
