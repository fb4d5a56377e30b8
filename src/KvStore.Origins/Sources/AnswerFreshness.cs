using System.Globalization;

namespace KvStore.Origins;

/// <summary>
/// What a response says about how long it may be used: RFC 9111 (sections 4.2 and 5.2.2) for a shared cache, and RFC 5861. What is invalid counts as stale, which is the
/// safe side. Every status that is stored is understood, so <c>must-understand</c> lifts <c>no-store</c>. That a call has the service's own <c>Authorization</c> does not forbid storing (section 3.5): it is not that of a user.
/// </summary>
internal static class AnswerFreshness
{
    // Larger numbers mean "for ever" (section 1.2.2).
    private const long SecondsMax = int.MaxValue;

    /// <param name="header">The values of a header of the response, or none.</param>
    /// <param name="askedAt">When the call was made.</param>
    /// <param name="answeredAt">When the response arrived.</param>
    public static OriginFreshness Of(Func<string, IEnumerable<string>> header, DateTimeOffset askedAt, DateTimeOffset answeredAt)
    {
        var directives = Directives(string.Join(',', header("Cache-Control")));
        var date = Time(header("Date"), answeredAt) ?? answeredAt;
        var isUnusable = directives.ContainsKey("no-cache") || header("Vary").Any(value => value.Split(',', StringSplitOptions.TrimEntries).Contains("*"));
        return new OriginFreshness(
            isUnusable ? TimeSpan.Zero : Lifetime(directives, header("Expires"), date),
            Seconds(directives, "stale-while-revalidate"),
            Seconds(directives, "stale-if-error"),
            Age(header("Age"), date, askedAt, answeredAt),
            ForbidsStoring: (directives.ContainsKey("no-store") && !directives.ContainsKey("must-understand")) || directives.ContainsKey("private"),
            ForbidsStale: isUnusable || directives.ContainsKey("must-revalidate") || directives.ContainsKey("proxy-revalidate") || directives.ContainsKey("s-maxage"));
    }

    private static TimeSpan? Lifetime(Dictionary<string, string?> directives, IEnumerable<string> expires, DateTimeOffset date)
    {
        foreach (var name in (string[])["s-maxage", "max-age"])
        {
            if (directives.ContainsKey(name))
                return Seconds(directives, name) ?? TimeSpan.Zero;
        }

        if (!expires.Any())
            return null;
        return Time(expires, date) is { } at && at > date ? at - date : TimeSpan.Zero;
    }

    private static TimeSpan Age(IEnumerable<string> age, DateTimeOffset date, DateTimeOffset askedAt, DateTimeOffset answeredAt)
    {
        // A date has whole seconds.
        var apparent = TimeSpan.FromSeconds(Math.Floor(Math.Max(0, (answeredAt - date).TotalSeconds)));
        return Seconds(age.FirstOrDefault()?.Split(',')[0].Trim()) is { } given && given + (answeredAt - askedAt) > apparent ? given + (answeredAt - askedAt) : apparent;
    }

    private static TimeSpan? Seconds(Dictionary<string, string?> directives, string name) => Seconds(directives.GetValueOrDefault(name));

    private static TimeSpan? Seconds(string? digits)
    {
        if (string.IsNullOrEmpty(digits) || digits.AsSpan().ContainsAnyExceptInRange('0', '9'))
            return null;
        return TimeSpan.FromSeconds(long.TryParse(digits, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, SecondsMax) : SecondsMax);
    }

    // RFC 9110, section 5.6.7: the form of today, and two that recipients must still accept.
    private static DateTimeOffset? Time(IEnumerable<string> values, DateTimeOffset now)
    {
        var text = values.FirstOrDefault();
        if (TryParse("r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || TryParse("ddd MMM d HH':'mm':'ss yyyy", CultureInfo.InvariantCulture, DateTimeStyles.AllowInnerWhite, out time))
            return time;

        // A year of two digits is at most 50 years ahead.
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.DateTimeFormat.Calendar = new GregorianCalendar { TwoDigitYearMax = now.Year + 50 };
        return TryParse("dddd, dd-MMM-yy HH':'mm':'ss 'GMT'", culture, DateTimeStyles.None, out time) ? time : null;

        bool TryParse(string form, CultureInfo culture, DateTimeStyles styles, out DateTimeOffset time) =>
            DateTimeOffset.TryParseExact(text, form, culture, styles | DateTimeStyles.AssumeUniversal, out time);
    }

    // The first of several equal ones counts. Commas within quotes do not separate.
    private static Dictionary<string, string?> Directives(string text)
    {
        var directives = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var isQuoted = false;
        for (int start = 0, at = 0; at <= text.Length; at++)
        {
            if (at < text.Length && text[at] == '"')
                isQuoted = !isQuoted;
            if (at < text.Length && (isQuoted || text[at] != ','))
                continue;
            var directive = text[start..at].Split('=', 2, StringSplitOptions.TrimEntries);
            directives.TryAdd(directive[0], directive.Length > 1 ? directive[1].Trim('"') : null);
            start = at + 1;
        }

        return directives;
    }
}
