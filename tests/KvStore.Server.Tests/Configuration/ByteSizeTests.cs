namespace KvStore.Server.Tests;

/// <summary>Sizes as text.</summary>
public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("65536", 65_536)]
    [InlineData("-1", -1)]
    [InlineData("10B", 10)]
    [InlineData("1KB", 1000)]
    [InlineData("64KiB", 65_536)]
    [InlineData("64kib", 65_536)]
    [InlineData("1MB", 1_000_000)]
    [InlineData("1.5MiB", 1_572_864)]
    [InlineData("2GB", 2_000_000_000)]
    [InlineData("1GiB", 1L << 30)]
    [InlineData("1TB", 1_000_000_000_000)]
    [InlineData("1024TiB", 1L << 50)]
    public void TryParse_Size_IsBytes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("1M")]
    [InlineData("1 MB")]
    [InlineData("1,5MB")]
    [InlineData("1.5")]
    [InlineData("1.5B")]
    [InlineData("0.0001KB")]
    [InlineData("-1KB")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("1KBKB")]
    [InlineData("9999999TiB")]
    [InlineData("99999999999999999999")]
    [InlineData("99999999999999999999999999999999KB")]
    public void TryParse_AnythingElse_IsRejected(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(1536, "1536")]
    [InlineData(4096, "4KiB")]
    [InlineData(134_217_728, "128MiB")]
    [InlineData(1L << 40, "1TiB")]
    public void TextOf_Size_IsExactAndReadBack(long bytes, string text)
    {
        Assert.Equal(text, ByteSize.TextOf(bytes));
        Assert.True(ByteSize.TryParse(text, out var parsed));
        Assert.Equal(bytes, parsed);
    }
}
