namespace KvStore.Cli.Tests;

/// <summary>Parts that need no process: durations, spelling, quoting, widths, formats, percentiles.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("90", 90_000)]
    [InlineData("1.5", 1500)]
    [InlineData("90s", 90_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("500ms", 500)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1h0.5s", 3_600_500)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("s", null)]
    [InlineData("1s1m", null)]
    [InlineData("1s1s", null)]
    [InlineData("1x", null)]
    [InlineData("1e9", null)]
    public void Duration_Text_IsReadAsByTheService(string text, int? milliseconds) =>
        Assert.Equal(milliseconds, Units.TryParseDuration(text, out var duration) ? (int)duration.TotalMilliseconds : null);

    [Theory]
    [InlineData("gte", " Did you mean get?")]
    [InlineData("lsit", " Did you mean list?")]
    [InlineData("GET", " Did you mean get?")]
    [InlineData("frobnicate", "")]
    public void Spelling_UnknownName_SuggestsTheClosest(string name, string expected) => Assert.Equal(expected, Spelling.Suggest(name, ["get", "put", "list", "watch"]));

    [Theory]
    [InlineData("user/42", "user/42")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("", "''")]
    [InlineData("a b", "'a b'")]
    public void Quoting_Word_IsWhatAShellReadsBack(string word, string expected) => Assert.Equal(expected, Quoting.Quote(word));

    [Theory]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("abcd", 4, "abcd")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301")]
    public void Cut_Text_FitsIntoTheColumns(string text, int width, string expected) => Assert.Equal(expected, Visible.Cut(text, width));

    [Theory]
    [InlineData("""{"key":"a","text":"b"}""", "ndjson")]
    [InlineData("""{"header":{"cluster_id":1},"kvs":[]}""", "etcd")]
    [InlineData("""  [{"key":"a"}]""", "consul")]
    [InlineData("# comment\nexport NAME=value", "env")]
    [InlineData("*3\r\n$3\r\nSET", "redis")]
    [InlineData("SET a b", "redis")]
    [InlineData("REDIS0011", null)]
    [InlineData("hello world", null)]
    [InlineData("{\"hea", null)]
    [InlineData("", null)]
    public void Format_BeginningOfAFile_IsGuessedUnlessAmbiguous(string head, string? expected) => Assert.Equal(expected, ImportFormat.Detect(Encoding.UTF8.GetBytes(head)));

    [Fact]
    public void Percentile_OfEvenlySpreadLatencies_IsRightToFourPercent()
    {
        var histogram = new LatencyHistogram();
        for (var microseconds = 1; microseconds <= 10_000; microseconds++)
            histogram.Add(TimeSpan.FromMicroseconds(microseconds));

        Assert.InRange(histogram.Percentile(50), 5000, 5000 * 1.05);
        Assert.InRange(histogram.Percentile(99), 9900, 9900 * 1.05);
        Assert.Equal(10_000, histogram.MaxMicroseconds);
    }
}
