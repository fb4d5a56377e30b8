namespace KvStore.Tests;

public class StoreIdTests
{
    [Fact]
    public void ToString_Any_IsParsedToSameId()
    {
        foreach (var id in Enumerable.Range(0, 100).Select(_ => StoreId.Create()).Append(new StoreId(1)).Append(new StoreId(ulong.MaxValue)))
        {
            Assert.Matches("^[0-9a-f]{16}$", id.ToString());
            Assert.True(StoreId.TryParse(id.ToString(), out var parsed));
            Assert.Equal(id, parsed);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000000000000000")]
    [InlineData("123456789abcde")]
    [InlineData("0123456789abcdef0")]
    [InlineData("0123456789ABCDEF")]
    [InlineData(" 123456789abcdef")]
    [InlineData("0x23456789abcdef")]
    [InlineData("0123456789abcdeg")]
    [InlineData("+123456789abcdef")]
    [InlineData("0123456789abcde\0")]
    public void TryParse_AnythingElse_IsRejected(string text) => Assert.False(StoreId.TryParse(text, out _));
}
