namespace KvStore.Tests;

public sealed class EntryTests
{
    [Theory]
    [InlineData(0, 1000)]
    [InlineData(1, 1001)]
    [InlineData(9_999, 1001)]
    public void MillisecondsNotBefore_Fraction_RoundsUp(long ticks, long expected) =>
        Assert.Equal(expected, Entry.MillisecondsNotBefore(DateTimeOffset.UnixEpoch.AddSeconds(1).AddTicks(ticks)));

    [Fact]
    public void MillisecondsNotBefore_MaxValue_IsValid() =>
        Assert.Equal(DateTimeOffset.MaxValue.ToUnixTimeMilliseconds(), Entry.MillisecondsNotBefore(DateTimeOffset.MaxValue));
}
