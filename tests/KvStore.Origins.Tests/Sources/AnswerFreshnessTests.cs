using System.Globalization;

namespace KvStore.Origins.Tests;

/// <summary>RFC 9111 and RFC 5861, row by row.</summary>
public sealed class AnswerFreshnessTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", null)]
    [InlineData("Cache-Control: max-age=60", 60)]
    [InlineData("Cache-Control: MAX-AGE=60", 60)]
    [InlineData("Cache-Control: public , max-age = 60", 60)]
    [InlineData("Cache-Control: max-age=\"60\"", 60)]
    [InlineData("Cache-Control: max-age=60, s-maxage=5", 5)]
    [InlineData("Cache-Control: max-age=60|Cache-Control: s-maxage=5", 5)]
    [InlineData("Cache-Control: max-age=60, max-age=5", 60)]
    [InlineData("Cache-Control: max-age=0", 0)]
    [InlineData("Cache-Control: max-age=99999999999999999999", int.MaxValue)]
    [InlineData("Cache-Control: max-age=-1", 0)]
    [InlineData("Cache-Control: max-age=1.5", 0)]
    [InlineData("Cache-Control: max-age=soon", 0)]
    [InlineData("Cache-Control: max-age", 0)]
    [InlineData("Cache-Control: no-cache, max-age=60", 0)]
    [InlineData("Cache-Control: ext=\"a, max-age=5\", max-age=60", 60)]
    [InlineData("Vary: *|Cache-Control: max-age=60", 0)]
    [InlineData("Vary: Accept|Cache-Control: max-age=60", 60)]
    [InlineData("Expires: +60", 60)]
    [InlineData("Expires: -60", 0)]
    [InlineData("Expires: 0", 0)]
    [InlineData("Expires: +60|Cache-Control: max-age=5", 5)]
    [InlineData("Expires: +60|Date: +20", 40)]
    [InlineData("Expires: Sunday, 01-Mar-26 12:01:00 GMT", 60)]
    [InlineData("Expires: Sun Mar  1 12:01:00 2026", 60)]
    [InlineData("Expires: Sunday, 01-Mar-76 11:00:00 GMT", 1_577_919_600)]
    [InlineData("Expires: Tuesday, 01-Mar-77 12:00:00 GMT", 0)]
    [InlineData("Expires: Sun, 01 Mar 2026 12:01:00 UTC", 0)]
    [InlineData("Expires: Sun, 01 Mar 2026 2:01:00 GMT", 0)]
    [InlineData("Expires: Sun,  01 Mar 2026 12:01:00 GMT", 0)]
    [InlineData("Pragma: no-cache", null)]
    public void FreshFor(string headers, int? seconds) => Assert.Equal(seconds is { } length ? TimeSpan.FromSeconds(length) : null, Of(headers).FreshFor);

    [Theory]
    [InlineData("", 0)]
    [InlineData("Age: 30", 32)]
    [InlineData("Age: 30|Date: -50", 50)]
    [InlineData("Age: 60|Date: -50", 62)]
    [InlineData("Date: -50", 50)]
    [InlineData("Date: +50", 0)]
    [InlineData("Date: sometime", 0)]
    [InlineData("Age: old", 0)]
    [InlineData("Age: -5", 0)]
    [InlineData("Age: 30, 5", 32)]
    [InlineData("Age: 30|Age: 5", 32)]
    public void Age(string headers, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Of(headers).Age);

    [Theory]
    [InlineData("", null, null)]
    [InlineData("Cache-Control: stale-while-revalidate=10", 10, null)]
    [InlineData("Cache-Control: stale-if-error=20", null, 20)]
    [InlineData("Cache-Control: max-age=1, stale-while-revalidate=10, stale-if-error=20", 10, 20)]
    [InlineData("Cache-Control: stale-while-revalidate=x, stale-if-error", null, null)]
    public void Stale(string headers, int? whileRevalidate, int? ifError)
    {
        var freshness = Of(headers);
        Assert.Equal((whileRevalidate, ifError), ((int?)freshness.StaleWhileRevalidate?.TotalSeconds, (int?)freshness.StaleIfError?.TotalSeconds));
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData("Cache-Control: no-store", true, false)]
    [InlineData("Cache-Control: must-understand, no-store", false, false)]
    [InlineData("Cache-Control: must-understand, private", true, false)]
    [InlineData("Cache-Control: private", true, false)]
    [InlineData("Cache-Control: private=\"Set-Cookie\"", true, false)]
    [InlineData("Cache-Control: must-revalidate", false, true)]
    [InlineData("Cache-Control: proxy-revalidate", false, true)]
    [InlineData("Cache-Control: s-maxage=60", false, true)]
    [InlineData("Cache-Control: no-cache", false, true)]
    [InlineData("Cache-Control: public, max-age=60", false, false)]
    public void Forbids(string headers, bool storing, bool stale)
    {
        var freshness = Of(headers);
        Assert.Equal((storing, stale), (freshness.ForbidsStoring, freshness.ForbidsStale));
    }

    // Dates are offsets in seconds. The answer took two seconds.
    private static OriginFreshness Of(string headers)
    {
        var parsed = headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(header => header.Split(": ")).ToLookup(
            header => header[0], header => header[0] is "Date" or "Expires" && header[1].Length > 1 && header[1][0] is '+' or '-' && header[0] != "Age"
                ? Now.AddSeconds(int.Parse(header[1], CultureInfo.InvariantCulture)).ToString("r")
                : header[1]);
        return AnswerFreshness.Of(name => parsed[name], Now.AddSeconds(-2), Now);
    }
}
