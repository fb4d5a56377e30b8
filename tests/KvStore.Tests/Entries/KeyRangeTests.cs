namespace KvStore.Tests;

public class KeyRangeTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("61", "62")]
    [InlineData("612F", "6130")]
    [InlineData("61FF", "62")]
    [InlineData("61FFFFFF", "62")]
    [InlineData("61FF62", "61FF63")]
    [InlineData("FF", "")]
    [InlineData("FFFF", "")]
    [InlineData("FEFF", "FF")]
    [InlineData("00", "01")]
    public void WithPrefix_To_IsFirstBytesAfterPrefix(string prefix, string to)
    {
        var range = KeyRange.WithPrefix(Convert.FromHexString(prefix));

        Assert.Equal(prefix, Convert.ToHexString(range.From.Span));
        Assert.Equal(to, Convert.ToHexString(range.To.Span));
    }

    [Fact]
    public void WithPrefix_BufferReused_KeepsBytes()
    {
        var buffer = Some.Bytes("ab");
        var range = KeyRange.WithPrefix(buffer);
        buffer.AsSpan().Fill((byte)'x');

        Assert.Equal(Some.Bytes("ab"), range.From.ToArray());
        Assert.Equal(Some.Bytes("ac"), range.To.ToArray());
    }

    [Fact]
    public void After_KeyInside_StartsAtNextBytes()
    {
        var range = KeyRange.WithPrefix("a"u8).After("ab"u8);

        Assert.Equal("ab\0"u8.ToArray(), range.From.ToArray());
        Assert.Equal("b"u8.ToArray(), range.To.ToArray());
    }

    [Fact]
    public void After_KeyIsStart_ExcludesStart() =>
        Assert.Equal("a\0"u8.ToArray(), KeyRange.WithPrefix("a"u8).After("a"u8).From.ToArray());

    [Fact]
    public void After_KeyBeforeRange_ChangesNothing() =>
        Assert.Equal(KeyRange.WithPrefix("b"u8).From.ToArray(), KeyRange.WithPrefix("b"u8).After("a"u8).From.ToArray());

    [Fact]
    public void After_NoBytes_StartsAtFirstKey() => Assert.Equal("\0"u8.ToArray(), Some.Everything.After([]).From.ToArray());

    [Theory]
    [InlineData("b", "c")]
    [InlineData("b", "bz")]
    [InlineData("b", "d")]
    public async Task After_KeyAfterRange_IsEmpty(string prefix, string after)
    {
        await using var store = await FilledAsync();

        var range = KeyRange.WithPrefix(Some.Bytes(prefix)).After(Some.Bytes(after));

        Assert.Equal(0, store.Latest.CountOf(range));
        Assert.Empty(store.Latest.Scan(range));
    }

    [Fact]
    public async Task CountOfAndScan_EndBeforeStart_AreEmpty()
    {
        await using var store = await FilledAsync();
        var range = new KeyRange("c"u8.ToArray(), "a"u8.ToArray());

        Assert.Equal(0, store.Latest.CountOf(range));
        Assert.Empty(store.Latest.Scan(range));
    }

    [Theory]
    [InlineData("", "a,a/1,a/2,ab,b,b1,c")]
    [InlineData("a", "a,a/1,a/2,ab")]
    [InlineData("a/", "a/1,a/2")]
    [InlineData("b1", "b1")]
    [InlineData("b2", "")]
    [InlineData("\u00FF", "")]
    public async Task Scan_Prefix_GivesItsKeysInOrder(string prefix, string keys)
    {
        await using var store = await FilledAsync();
        var range = KeyRange.WithPrefix(Some.Bytes(prefix));

        Assert.Equal(keys, string.Join(',', store.Latest.Scan(range).Select(entry => entry.Key)));
        Assert.Equal(keys.Split(',', StringSplitOptions.RemoveEmptyEntries).Length, store.Latest.CountOf(range));
    }

    [Fact]
    public async Task Scan_Twice_StartsAgain()
    {
        await using var store = await FilledAsync();
        var scan = store.Latest.Scan(Some.Everything);

        Assert.Equal(scan.ToList(), scan.ToList());
    }

    private static async Task<Store> FilledAsync()
    {
        var store = await Stores.StartAsync();
        await store.CommitAsync([.. "c,a/2,b1,a,ab,b,a/1".Split(',').Select(key => Some.Put(key))]);
        return store;
    }
}
