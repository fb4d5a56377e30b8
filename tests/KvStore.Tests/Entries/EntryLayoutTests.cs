namespace KvStore.Tests;

public sealed class EntryLayoutTests
{
    // Without a number: none, short, and the longest that there may be.
    private static readonly string[] ContentTypes = ["text/plain", "", "x/y", new string('t', Entry.ContentTypeLengthMax)];

    [Fact]
    public void Create_EveryLayout_RoundTrips()
    {
        int[] lengths = [.. Enumerable.Range(1, 300), 1024, EntryLayout.KeyBytesMax];
        foreach (var length in lengths)
        {
            foreach (var contentType in ContentTypes)
            {
                foreach (var expires in new[] { Entry.Never, 0, -1, 253_402_300_799_999 })
                    AssertKept(Ascending(length, length), Ascending(length * 5 % 301, 3), contentType, expires);
            }
        }
    }

    private static void AssertKept(byte[] key, byte[] value, string contentType, long expires)
    {
        var entry = Entry.Create(IndexKeys.Of(key), value, contentType, 3, long.MaxValue, 5, 1_700_000_000_123, expires);

        var name = $"A key of {key.Length} bytes, a value of {value.Length}, {contentType}, expiry {expires}.";
        Assert.True(entry.KeyUtf8.SequenceEqual(key), name);
        Assert.True(entry.Key.Utf8.SequenceEqual(key), name);
        Assert.True(entry.Value.Span.SequenceEqual(value), name);
        Assert.Equal(contentType, entry.ContentType);
        Assert.Equal((key.Length, (long)(key.Length + value.Length)), (entry.Key.Length, entry.Bytes));
        Assert.Equal((3L, long.MaxValue, 5L), (entry.CreatedRevision, entry.Revision, entry.Version));
        Assert.Equal((1_700_000_000_123, expires), (entry.ModifiedAtMilliseconds, entry.ExpiresAtMilliseconds));
        Assert.Equal(expires != Entry.Never, entry.ExpiresAt is not null);
    }

    [Fact]
    public void Key_OfEntry_EqualsKey()
    {
        var key = Key.Parse("user/1");
        var taken = Entry.Create(key, new byte[3], "text/plain", 1, 1, 1, 0).Key;
        Assert.Equal(key, taken);
        Assert.Equal(key.GetHashCode(), taken.GetHashCode());
        Assert.Equal(0, key.CompareTo(taken));
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(253_402_300_799_999)] // The last millisecond of the year 9999.
    [InlineData(-62_135_596_800_000)] // The first of the year 1.
    public void ModifiedAt_AnyTime_RoundTrips(long milliseconds)
    {
        var entry = Entry.Create(Key.Parse("k"), default, "", 1, 1, 1, milliseconds);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), entry.ModifiedAt);
        Assert.Equal(1, entry.Key.Length);
    }

    [Fact]
    public void Create_OutOfRange_Throws()
    {
        Assert.Throws<ArgumentException>(() => new EntryDraft(default(Key), 0, "text/plain"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EntryDraft(IndexKeys.Of(new byte[EntryLayout.KeyBytesMax + 1]), 0, "text/plain"));
        Assert.Throws<ArgumentException>(() => new EntryDraft(Key.Parse("k"), 0, new string('t', Entry.ContentTypeLengthMax + 1)));
        Assert.Throws<ArgumentException>(() => new EntryDraft(Key.Parse("k"), 0, "text/plän"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EntryDraft(Key.Parse("k"), -1, "text/plain"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EntryDraft(Key.Parse("k"), int.MaxValue, "text/plain"));
    }

    [Fact]
    public void Create_CallersArrays_CopiesThem()
    {
        byte[] value = [1, 2, 3];
        var entry = Entry.Create(Key.Parse("k"), value, "text/plain", 1, 1, 1, 0);
        value[0] = 9;
        Assert.Equal([1, 2, 3], entry.Value.ToArray());
    }

    [Fact]
    public void Stamp_Draft_DoesNotCopyValue()
    {
        var draft = NewDraft();
        new byte[] { 1, 2, 3 }.CopyTo(draft.Value);
        var entry = draft.Stamp(1, 2, 3, 4);

        Assert.Equal(Allocations.Of(() => NewDraft().Value.Length), Allocations.Of(() => NewDraft().Stamp(1, 2, 3, 4)));
        Assert.Equal([1, 2, 3], entry.Value.ToArray());
        Assert.Equal((1L, 2L, 3L, 4L, 1L), (entry.CreatedRevision, entry.Revision, entry.Version, entry.ModifiedAtMilliseconds, entry.ExpiresAtMilliseconds));
        Assert.Equal(("k", "text/plain", entry.ExpiresAt), (draft.Key.ToString(), draft.ContentType, draft.ExpiresAt));

        static EntryDraft NewDraft() => new(Key.Parse("k"), 3, "text/plain", DateTimeOffset.UnixEpoch.AddTicks(1));
    }

    [Fact]
    public void Stamp_Twice_FirstEntryIsUnchanged()
    {
        var draft = new EntryDraft(Key.Parse("k"), 1, "x/y", DateTimeOffset.UnixEpoch);
        var first = draft.Stamp(1, 2, 3, 4);
        var copy = first.Encoded.ToArray();
        var second = draft.Stamp(5, 6, 7, 8);

        Assert.NotEqual(first, second);
        Assert.Equal(copy, first.Encoded);
        Assert.Equal((5L, 6L, 7L, 8L), (second.CreatedRevision, second.Revision, second.Version, second.ModifiedAtMilliseconds));
        Assert.Equal((first.Key, first.ContentType, first.ExpiresAt), (second.Key, second.ContentType, second.ExpiresAt));
    }

    [Fact]
    public void Create_SmallKey_TakesDocumentedBytes()
    {
        var key = Key.Parse("user/000123/name");
        var value = new byte[104];
        Assert.Equal(key.Length + value.Length + 56, Allocations.Of(() => Entry.Create(key, value, "text/plain", 1, 1, 1, 0)));
    }

    [Fact]
    public void ContentType_Repeated_AllocatesNothing()
    {
        foreach (var contentType in new[] { "text/plain", "application/vnd.acme+json" })
        {
            var entry = Entry.Create(Key.Parse("k"), default, contentType, 1, 1, 1, 0);
            Assert.Equal(contentType, entry.ContentType);
            Assert.Equal(0, Allocations.Of(() => entry.ContentType));
        }
    }

    [Fact]
    public void ContentType_OverTableLimit_IsKept()
    {
        string[] contentTypes = [.. Enumerable.Range(0, 1000).Select(i => $"x/{i}"), .. Enumerable.Range(1, ContentTypeTable.NumberMax).Select(ContentTypeTable.TextOf)];
        var entries = contentTypes.Select(contentType => Entry.Create(Key.Parse("k"), default, contentType, 1, 1, 1, 0)).ToArray();
        for (var round = 0; round < 2; round++)
            Assert.Equal(contentTypes, entries.Select(entry => entry.ContentType));
        Assert.InRange(ContentTypeTable.NumberMax, 1, 127);
    }

    private static byte[] Ascending(int length, int seed) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 + seed))];
}
