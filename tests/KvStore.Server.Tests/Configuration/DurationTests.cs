using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>Durations as text.</summary>
public class DurationTests
{
    [Theory]
    [InlineData("0s", "00:00:00")]
    [InlineData("500ms", "00:00:00.500")]
    [InlineData("30s", "00:00:30")]
    [InlineData("1.5s", "00:00:01.500")]
    [InlineData("5m", "00:05:00")]
    [InlineData("2h", "02:00:00")]
    [InlineData("7d", "7.00:00:00")]
    [InlineData("1h30m0s", "01:30:00")]
    [InlineData("1d2h3m4s5ms", "1.02:03:04.005")]
    [InlineData("3650d", "3650.00:00:00")]
    public void TryParse_NumbersWithUnits_IsTheirSum(string text, string duration)
    {
        Assert.True(Duration.TryParse(text, out var parsed));
        Assert.Equal(TimeSpan.Parse(duration, CultureInfo.InvariantCulture), parsed);
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("250ms")]
    [InlineData("2m10s")]
    [InlineData("1d2h3m4s5ms")]
    public void TextOf_Duration_IsShortestTextOfIt(string text)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(text, Duration.TextOf(duration));
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData("1S")]
    [InlineData("1sec")]
    [InlineData("1,5s")]
    [InlineData("1.2.3s")]
    [InlineData("1e3s")]
    [InlineData("1m1h")]
    [InlineData("1s1s")]
    [InlineData("1s5")]
    [InlineData("01:00")]
    [InlineData("PT30S")]
    [InlineData("999999999999999d")]
    [InlineData("99999999999999999999999999999999999s")]
    [InlineData("٣s")]
    public void TryParse_AnythingElse_IsRejected(string text) => Assert.False(Duration.TryParse(text, out _));
}
