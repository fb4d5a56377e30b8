using System.Buffers;

namespace KvStore.Cli;

/// <summary>Sizes, counts and durations as people read and write them.</summary>
internal static class Units
{
    /// <summary>What <see cref="TryParseDuration"/> reads, for messages.</summary>
    public const string DurationForms = "a number of seconds, or numbers with units (ms, s, m, h, d), such as 90, 1m30s or 7d";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly string[] SizeNames = ["B", "KiB", "MiB", "GiB", "TiB"];

    // From the largest on; a unit that begins with another one comes before it.
    private static readonly (string Name, long Ticks)[] DurationUnits =
        [("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("ms", TimeSpan.TicksPerMillisecond), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond)];

    public static string Bytes(long count)
    {
        var (size, unit) = ((double)count, 0);
        for (; size >= 1024 && unit < SizeNames.Length - 1; unit++)
            size /= 1024;
        return unit == 0 ? $"{count} B" : string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {SizeNames[unit]}");
    }

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 entry", "2 entries".</summary>
    public static string Count(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Microseconds(double time) => time switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{time:0} µs"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{time / 1000:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time / 1_000_000:0.00} s"),
    };

    /// <summary>The two largest units of a duration.</summary>
    public static string Duration(TimeSpan time) => time.TotalDays >= 1 ? $"{(int)time.TotalDays}d{time.Hours}h"
        : time.TotalHours >= 1 ? $"{time.Hours}h{time.Minutes}m"
        : time.TotalMinutes >= 1 ? $"{time.Minutes}m{time.Seconds}s"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):0.#}s");

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a duration as the service does; false if it is something else.</summary>
    public static bool TryParseDuration(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        if (TryParseNumber(text, out var seconds))
            return TryAdd(ref duration, seconds, TimeSpan.TicksPerSecond);
        if (text.IsEmpty)
            return false;
        for (var last = long.MaxValue; !text.IsEmpty;)
        {
            var length = text.IndexOfAnyExcept(NumberCharacters);
            if (length <= 0 || !TryParseNumber(text[..length], out var number))
                return false;
            text = text[length..];
            var (name, ticks) = UnitAt(text);
            if (ticks == 0 || ticks >= last || !TryAdd(ref duration, number, ticks))
                return false;
            text = text[name.Length..];
            last = ticks;
        }

        return true;
    }

    private static (string Name, long Ticks) UnitAt(ReadOnlySpan<char> text)
    {
        foreach (var unit in DurationUnits)
        {
            if (text.StartsWith(unit.Name, StringComparison.Ordinal))
                return unit;
        }

        return default;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out double number) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private static bool TryAdd(ref TimeSpan duration, double number, long ticks)
    {
        if (number * ticks > TimeSpan.FromDays(36_500).Ticks)
            return false;
        duration += TimeSpan.FromTicks((long)(number * ticks));
        return true;
    }
}
