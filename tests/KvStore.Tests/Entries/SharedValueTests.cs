namespace KvStore.Tests;

public sealed class SharedValueTests
{
    private static readonly FakeTimeProvider Time = new(DateTimeOffset.UnixEpoch.AddYears(50));

    [Theory]
    [InlineData(SharedValue.BytesMin - 1, false)]
    [InlineData(SharedValue.BytesMin, true)]
    [InlineData(1 << 20, true)]
    public void Derive_OtherKeyAndExpiry_SharesLargeValue(int bytes, bool isShared)
    {
        var source = New("source", bytes);
        var derived = Entry.Derive(source, "k"u8, 4, 5, 6, 7, 8);

        Assert.Equal(isShared, derived.SharesValueWith(source));
        Assert.True(derived.Value.Span.SequenceEqual(source.Value.Span));
        Assert.Equal((bytes, bytes + 1L), (derived.ValueLength, derived.Bytes));
        Assert.Equal(("k", "x/y"), (derived.Key.ToString(), derived.ContentType));
        Assert.Equal((4L, 5L, 6L, 7L, 8L), (derived.CreatedRevision, derived.Revision, derived.Version, derived.ModifiedAtMilliseconds, derived.ExpiresAtMilliseconds));
        Assert.NotEqual(source, derived);
        Assert.Equal("source", source.Key.ToString());
    }

    [Fact]
    public void Derive_Again_RefersToTheFirstArray()
    {
        var source = New("source", 5000);
        var derived = source;
        for (var i = 0; i < 100; i++)
            derived = Entry.Derive(derived, Some.Bytes($"k{i % 10}"), 1, 2, 3, 4, i % 2 == 0 ? i : Entry.Never);

        Assert.True(derived.SharesValueWith(source));
        Assert.True(derived.Value.Equals(source.Value));
        Assert.Equal(Entry.Derive(source, "k9"u8, 1, 2, 3, 4, Entry.Never).MemoryBytes, derived.MemoryBytes);
    }

    [Fact]
    public void HeapBytes_EveryLayout_IsWhatIsAllocated()
    {
        foreach (var length in new[] { 0, 1, 7, 8, 100, SharedValue.BytesMin - 1, SharedValue.BytesMin, 70_000 })
        {
            foreach (var key in new[] { "k", "user/42", new string('k', 1000) })
            {
                var entry = New(key, length);
                var derived = Entry.Derive(entry, entry.KeyUtf8, 1, 2, 3, 4, 5);
                var created = Allocations.Of(() => New(key, length));
                var added = Allocations.Of(() => Entry.Derive(entry, entry.KeyUtf8, 1, 2, 3, 4, 5));

                // The arrays of the arguments are not the entry's.
                var arguments = HeapSize.OfArray(length) + HeapSize.OfArray(key.Length);
                Assert.Equal(created - arguments, entry.HeapBytes);
                Assert.Equal(derived.SharesValueWith(entry) ? entry.HeapBytes + added : added, derived.HeapBytes);
            }
        }
    }

    [Fact]
    public void RetainedBytesOf_SharedValue_CountsNoValue()
    {
        var first = New("a", 10_000);
        var second = Entry.Derive(first, "a"u8, 1, 2, 2, 0, 1);
        var moved = Entry.Derive(second, "b"u8, 1, 3, 3, 0, 1);
        var replaced = New("b", 2000);

        Assert.Equal(0, EntryChange.RetainedBytesOf([new(null, first)]));
        Assert.Equal(0, EntryChange.RetainedBytesOf([new(first, second)]));
        Assert.InRange(EntryChange.RetainedBytesOf([new(second, null), new(null, moved)]), 1, 200);
        Assert.InRange(EntryChange.RetainedBytesOf([new(second, null), new(replaced, moved)]), 2000, 2400);
        Assert.InRange(EntryChange.RetainedBytesOf([new(second, replaced)]), 10_000, 10_400);
        Assert.Equal(moved.HeapBytes, EntryChange.RetainedBytesOf([new(moved, null)]));
        Assert.Equal(moved.HeapBytes + replaced.HeapBytes, EntryChange.RetainedBytesOf([new(moved, null), new(replaced, null)]));
    }

    [Fact]
    public void IsExpiryUpdateOf_OtherChange_IsFalse()
    {
        var entry = New("a", 5000);
        Assert.True(Entry.Derive(entry, "a"u8, 3, 9, 9, 9, 9).IsExpiryUpdateOf(entry));
        Assert.False(Entry.Derive(entry, "b"u8, 3, 9, 9, 9, 9).IsExpiryUpdateOf(entry));
        Assert.False(Entry.Derive(entry, "a"u8, 8, 9, 9, 9, 9).IsExpiryUpdateOf(entry));
        Assert.False(New("a", 5000).IsExpiryUpdateOf(entry));
    }

    // Every snapshot is compared with a deep copy of itself after each step, and every revision with that copy at the end.
    [Fact]
    public async Task MoveAndSetExpiry_Chains_OldRevisionsStay()
    {
        var random = Seed.NewRandom();
        await using var store = await Stores.StartAsync(new MemoryCommitLog(Time), new StoreOptions { HistoryBytesMax = 1 << 30 }, Time);
        List<(Snapshot Snapshot, string Copy)> states = [];
        for (var step = 0; step < 400; step++)
        {
            Operation operation = random.Next(8) switch
            {
                0 => new Put(RandomKey(), RandomValue(), "text/plain"),
                1 => new Delete(RandomKey()),
                < 5 when RandomKey() is var from && RandomKey() is var to && from != to => new Move(from, to),
                _ => new SetExpiry(RandomKey(), random.Next(2) == 0 ? ExpiryUpdate.Never : ExpiryUpdate.At(Time.GetUtcNow().AddHours(random.Next(1, 100)))),
            };
            await store.CommitAsync(operation);
            states.Add((store.Latest, Copy(store.Latest)));
            foreach (var (snapshot, copy) in states[^Math.Min(states.Count, 20)..])
                Assert.Equal(copy, Copy(snapshot));
        }

        foreach (var (snapshot, copy) in states)
        {
            Assert.Equal(copy, Copy(snapshot));
            Assert.True(store.TryGetSnapshot(snapshot.Revision, out var undone));
            Assert.Equal(copy, Copy(undone));
        }

        Key RandomKey() => Some.Key($"{(char)random.Next('a', 'e')}");
        byte[] RandomValue()
        {
            var value = new byte[random.Next(SharedValue.BytesMin - 2, 3000)];
            random.NextBytes(value);
            return value;
        }
    }

    private static string Copy(Snapshot snapshot) => $"{snapshot.Bytes} " + string.Join('\n', snapshot.Scan(default).Select(entry =>
        $"{entry.Key} {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ContentType} {entry.ExpiresAt:O} {Convert.ToHexString(entry.Value.Span)}"));

    private static Entry New(string key, int valueBytes)
    {
        var value = new byte[valueBytes];
        for (var i = 0; i < value.Length; i++)
            value[i] = (byte)(i * 7);
        return Entry.Create(Some.Bytes(key), value, "x/y", 3, 2, 1, 1_700_000_000_123, Entry.Never);
    }
}
