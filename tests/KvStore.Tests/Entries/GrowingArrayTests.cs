namespace KvStore.Tests;

/// <summary>Values that grow in shared arrays, against plain copies of all that was ever seen.</summary>
public sealed class GrowingArrayTests
{
    private static readonly FakeTimeProvider Time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    // A byte is copied about four times, however long the value is.
    [Fact]
    public void Extend_ManyTimes_CopiesSeldom()
    {
        var entry = New(100_000);
        byte[]? holder = null;
        var (arrays, allocated) = (0, 0L);
        var suffix = new byte[45];
        for (var i = 2; i < 5000; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            entry = Entry.Extend(entry, suffix, i, i, 0, Entry.Never);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            if (entry.SharedValueHolder == holder)
                continue;
            holder = entry.SharedValueHolder;
            arrays++;
            Assert.InRange(entry.HeapBytes, entry.ValueLength * 1.25, (entry.ValueLength * 1.25) + 300);
        }

        Assert.InRange(arrays, 2, 7);
        Assert.InRange(allocated, 0, 3_000_000);
    }

    // The second one is of an extension that was not committed, or of another store.
    [Fact]
    public void Extend_Twice_BothHaveTheirOwnBytes()
    {
        var entry = Entry.Extend(New(5000), [1, 2, 3], 2, 2, 0, Entry.Never);
        var first = Entry.Extend(entry, [4, 4], 3, 3, 0, Entry.Never);
        var second = Entry.Extend(entry, [5, 5, 5], 3, 3, 0, Entry.Never);
        var third = Entry.Extend(Entry.Derive(first, "other"u8, 4, 4, 1, 0, 7), [6], 5, 2, 0, Entry.Never);

        Assert.True(first.SharesValueWith(entry));
        Assert.False(second.SharesValueWith(entry));
        Assert.True(third.SharesValueWith(first));
        Assert.Equal([1, 2, 3], entry.Value[5000..].ToArray());
        Assert.Equal([1, 2, 3, 4, 4], first.Value[5000..].ToArray());
        Assert.Equal([1, 2, 3, 5, 5, 5], second.Value[5000..].ToArray());
        Assert.Equal([1, 2, 3, 4, 4, 6], third.Value[5000..].ToArray());
        Assert.All([first, second], extended => Assert.True(extended.Extends(entry)));
    }

    [Fact]
    public async Task TryExtend_Races_OneWins()
    {
        for (var round = 0; round < 50; round++)
        {
            var array = GrowingArray.Create(new byte[1000], new byte[24], 1);
            using var barrier = new Barrier(3);
            var claims = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => Task.Run(() =>
            {
                barrier.SignalAndWait(TestContext.Current.CancellationToken);
                return GrowingArray.TryExtend(array, 1024, Enumerable.Repeat((byte)number, 10 * number).ToArray()) ? number : 0;
            }))).Within();

            var winner = Assert.Single(claims, claim => claim > 0);
            Assert.All(array.AsSpan(GrowingArray.ValueStart + 1024, 10 * winner).ToArray(), value => Assert.Equal(winner, value));
        }
    }

    [Fact]
    public void HeapBytes_Extended_IsWhatIsAllocated()
    {
        foreach (var length in new[] { 1, 100, SharedValue.BytesMin - 2, SharedValue.BytesMin, 70_000 })
        {
            foreach (var expiresAt in new[] { Entry.Never, 5 })
            {
                var entry = New(length);
                byte[] suffix = [1];
                var copied = Allocations.Of(() => Entry.Extend(entry, suffix, 2, 2, 0, expiresAt));
                var extended = Entry.Extend(entry, suffix, 2, 2, 0, expiresAt);
                Assert.Equal(copied, extended.HeapBytes);
                if (length < SharedValue.BytesMin)
                    continue;
                var inPlace = Allocations.Of(() => extended = Entry.Extend(extended, suffix, 3, 3, 0, expiresAt));
                Assert.Equal((inPlace, copied), (extended.OwnHeapBytes, extended.HeapBytes));
            }
        }
    }

    // Every snapshot is compared with a deep copy of itself after each step, and every revision with that copy at the end.
    [Fact]
    public Task Extend_MovesExpiriesAndRejectedTransactions_OldRevisionsStay() => Seed.ForEachAsync(1, async seed =>
    {
        var random = new Random(seed);
        await using var store = await Stores.StartAsync(new MemoryCommitLog(Time), new StoreOptions { HistoryBytesMax = 1 << 30 }, Time);
        await store.CommitAsync(Some.Put("text"));
        var values = new Dictionary<Key, byte[]>();
        List<(Snapshot Snapshot, string Copy)> states = [];
        for (var step = 0; step < 300; step++)
        {
            var key = Some.Key($"{(char)random.Next('a', 'd')}");
            var entry = store.Latest.Find(key);
            switch (random.Next(10))
            {
                case 0:
                    await store.CommitAsync(new Put(key, values[key] = RandomBytes(4000), Entry.MergeableContentType) { IsRewrite = true });
                    break;
                case 1 when values.Remove(key, out _):
                    await store.CommitAsync(new Delete(key));
                    break;
                case 2 when Some.Key($"{(char)random.Next('a', 'd')}") is var to && !values.ContainsKey(to) && values.Remove(key, out var moved):
                    values[to] = moved;
                    await store.CommitAsync(new Move(key, to));
                    break;
                case 3:
                    await store.CommitAsync(new SetExpiry(key, random.Next(2) == 0 ? ExpiryUpdate.Never : ExpiryUpdate.At(Time.GetUtcNow().AddHours(1))));
                    break;
                case 4 when entry is { } present:
                    // The extension is evaluated, and then the transaction is rejected.
                    Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(ExtendBy(present, RandomBytes(900)), new Increment(Some.Key("text"), 1))));
                    break;
                case 5 when entry is { } present:
                    Assert.IsType<Outcome.Rejected>(await store.SubmitAsync(Some.Transaction(new Extend(key, present.CreatedRevision, present.ValueLength - 1, RandomBytes(9)))));
                    break;
                default:
                    if (entry is { } extended)
                    {
                        // Several in one batch: each sees the one before.
                        var (first, second) = (RandomBytes(900), RandomBytes(90));
                        values[key] = [.. values[key], .. first, .. second];
                        var outcomes = await Task.WhenAll(
                            store.SubmitAsync(Some.Transaction(ExtendBy(extended, first))),
                            store.SubmitAsync(Some.Transaction(new Extend(key, extended.CreatedRevision, extended.ValueLength + first.Length, second)))).Within();
                        Assert.All(outcomes, outcome => Assert.IsType<Outcome.Committed>(outcome));
                    }

                    break;
            }

            Assert.Equal(values.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {Convert.ToHexString(pair.Value)}"), Values(store.Latest));
            states.Add((store.Latest, Copy(store.Latest)));
            foreach (var (snapshot, copy) in states[^Math.Min(states.Count, 10)..])
                Assert.Equal(copy, Copy(snapshot));
        }

        foreach (var (snapshot, copy) in states)
        {
            Assert.Equal(copy, Copy(snapshot));
            Assert.True(store.TryGetSnapshot(snapshot.Revision, out var undone));
            Assert.Equal(copy, Copy(undone));
        }

        byte[] RandomBytes(int countMax)
        {
            var bytes = new byte[random.Next(1, countMax)];
            random.NextBytes(bytes);
            return bytes;
        }
    });

    private static Extend ExtendBy(Entry entry, byte[] suffix) => new(entry.Key, entry.CreatedRevision, entry.ValueLength, suffix);

    private static IEnumerable<string> Values(Snapshot snapshot) =>
        snapshot.Scan(default).Where(entry => entry.IsMergeable).Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value.Span)}");

    private static string Copy(Snapshot snapshot) => $"{snapshot.Bytes} " + string.Join('\n', snapshot.Scan(default).Select(entry =>
        $"{entry.Key} {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ContentType} {entry.ExpiresAt:O} {Convert.ToHexString(entry.Value.Span)}"));

    private static Entry New(int bytes) => Entry.Create("k"u8, ExtendTests.Bytes(bytes), Entry.MergeableContentType, 1, 1, 1, 0, Entry.Never);
}
