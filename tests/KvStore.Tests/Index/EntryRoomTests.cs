namespace KvStore.Tests;

public sealed class EntryRoomTests
{
    [Fact]
    public void Create_KeyOfAnyLength_KeepsKeyAndFields()
    {
        for (var length = 1; length <= 1100; length++)
        {
            var bytes = new byte[length];
            for (var i = 0; i < length; i++)
                bytes[i] = (byte)(i * 7 + length);
            var entry = Entry.Create(IndexKeys.Of(bytes), new byte[] { 1, 2 }, "text/plain", 3, 4, 5, 1_700_000_000_123, 6);

            Assert.True(entry.KeyUtf8.SequenceEqual(bytes), $"length {length}");
            Assert.True(entry.Key.Utf8.SequenceEqual(bytes), $"length {length}");
            Assert.Equal(IndexKeys.Of(bytes), entry.Key);
            Assert.Equal(IndexKeys.Of(bytes).GetHashCode(), entry.Key.GetHashCode());
            Assert.Equal((length, length + 2L), (entry.Key.Length, entry.Bytes));
            Assert.Equal((3L, 4L, 5L), (entry.CreatedRevision, entry.Revision, entry.Version));
            Assert.Equal((1_700_000_000_123, 6L), (entry.ModifiedAtMilliseconds, entry.ExpiresAtMilliseconds));
        }
    }

    [Fact]
    public void Create_KeyInAnEntry_SurvivesCollections()
    {
        var entries = Enumerable.Range(0, 1000).Select(i => IndexKeys.EntryOf(new string('k', i % 150) + $"{i}")).ToArray();
        var keys = entries.Select(entry => entry.Key).ToArray();
        entries = [];
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        for (var i = 0; i < keys.Length; i++)
            Assert.Equal(new string('k', i % 150) + $"{i}", keys[i].ToString());
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(253_402_300_799_999)] // The last millisecond of the year 9999.
    [InlineData(-62_135_596_800_000)] // The first of the year 1.
    public void ModifiedAt_AnyTimeThatThereIs_IsKept(long milliseconds)
    {
        var entry = Entry.Create(Key.Parse("k"), default, "", 1, 1, 1, milliseconds);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), entry.ModifiedAt);
        Assert.Equal(1, entry.Key.Length);
    }

    [Fact]
    public void Create_ValueIsAWholeArray_TakesItOver()
    {
        var whole = new byte[] { 1, 2, 3 };
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(Entry.Create(Key.Parse("k"), whole, "", 1, 1, 1, 0).Value, out var kept));
        Assert.Same(whole, kept.Array);
        Assert.Equal(whole[1..], Entry.Create(Key.Parse("k"), whole.AsMemory(1), "", 1, 1, 1, 0).Value.ToArray());
    }

    [Fact]
    public void Create_SmallKey_TakesTheRoomThatTheAdrSays()
    {
        var key = Key.Parse("user/000123/name");
        var value = new byte[100];
        Entry.Create(key, value, "text/plain", 1, 1, 1, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Entry.Create(key, value, "text/plain", 1, 1, 1, 0);
        Assert.Equal(72 + 16, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
