namespace KvStore.Server;

/// <summary>Durations as people and programs write them: numbers with units, such as <c>30s</c>, <c>1.5s</c>, <c>500ms</c> and <c>1h30m0s</c>.</summary>
internal static class Duration
{
    /// <summary>The accepted text, for problems and documents.</summary>
    public const string Forms = "a number with a unit (ms, s, m, h or d), such as 30s";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    // From the largest on; a unit that begins with another one comes before it.
    private static readonly (string Name, long Ticks)[] Units =
        [("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("ms", TimeSpan.TicksPerMillisecond), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond)];

    /// <summary>Reads numbers with units, from the largest unit to the smallest, each at most once; false if it is something else or too long.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        var (ticks, last) = (0m, long.MaxValue);
        do
        {
            if (!TryTake(ref text, out var number, out var unit) || unit >= last)
                return false;
            ticks += number * unit;
            last = unit;
        }
        while (!text.IsEmpty);

        if (ticks > long.MaxValue)
            return false;
        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest text of a duration of whole milliseconds, which <see cref="TryParse"/> reads.</summary>
    public static string TextOf(TimeSpan duration)
    {
        var text = new StringBuilder();
        var rest = duration.Ticks;
        foreach (var (name, ticks) in Units.OrderByDescending(unit => unit.Ticks))
        {
            if (rest >= ticks)
                text.Append(CultureInfo.InvariantCulture, $"{rest / ticks}{name}");
            rest %= ticks;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static bool TryTake(ref ReadOnlySpan<char> text, out decimal number, out long unit)
    {
        unit = 0;
        var length = text.IndexOfAnyExcept(NumberCharacters);
        var digits = text[..Math.Max(0, length)];

        // No more digits than a decimal multiplied by the ticks of a day can hold.
        if (digits.Length > 15 || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number))
        {
            number = 0;
            return false;
        }

        text = text[length..];
        foreach (var (name, ticks) in Units)
        {
            if (!text.StartsWith(name, StringComparison.Ordinal))
                continue;
            unit = ticks;
            text = text[name.Length..];
            return true;
        }

        return false;
    }
}
