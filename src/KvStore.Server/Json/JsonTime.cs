namespace KvStore.Server;

/// <summary>Times in JSON (RFC 3339): written in UTC with milliseconds, always 24 characters, so that the order of texts is the order of times.</summary>
internal static class JsonTime
{
    private const int WrittenBytes = 24;
    private const int DateAndTimeBytes = 19;
    private const int FractionDigitsMax = 7;
    private const string Shape = "Give a time such as \"2026-01-31T12:00:00Z\" (RFC 3339).";

    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset time)
    {
        json.WritePropertyName(name);
        WriteValue(json, time);
    }

    public static void WriteValue(Utf8JsonWriter json, DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte[WrittenBytes + 4];
        json.WriteStringValue(text[..Format(time, text)]);
    }

    /// <summary>Writes a time as text.</summary>
    /// <param name="time">The time.</param>
    /// <param name="text">Memory for it, and for four bytes more.</param>
    /// <returns>How long it is.</returns>
    public static int Format(DateTimeOffset time, Span<byte> text)
    {
        // The round-trip format is the fastest one, and longer by four digits: 2026-01-31T12:00:00.1234567Z.
        time.UtcDateTime.TryFormat(text, out _, "O", CultureInfo.InvariantCulture);
        text[WrittenBytes - 1] = (byte)'Z';
        return WrittenBytes;
    }

    /// <summary>Reads a time that the reader is on. It must have an offset: without one it would mean another time on each host.</summary>
    public static Problem? TryGet(ref Utf8JsonReader reader, string name, out DateTimeOffset time)
    {
        time = default;
        if (reader.TokenType != JsonTokenType.String)
            return Problems.MalformedRequest(Shape, name);
        return JsonString.TryGet(ref reader, name, out var text) ?? (TryParse(text.Utf8, out time) is { } fault ? Problems.MalformedRequest(fault, name) : null);
    }

    /// <summary>Parses a time. It must have an offset, as one that <see cref="TryGet"/> reads.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? TryParse(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length < DateAndTimeBytes || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || text[13] != ':' || text[16] != ':')
            return Shape;
        if (!(TryDigits(text[..4], out var year) && TryDigits(text[5..7], out var month) && TryDigits(text[8..10], out var day)
            && TryDigits(text[11..13], out var hour) && TryDigits(text[14..16], out var minute) && TryDigits(text[17..19], out var second)))
            return Shape;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
            return "There is no such date or time. " + Shape;
        if (!TryGetFraction(text[DateAndTimeBytes..], out var fraction, out var rest))
            return Shape;
        if (rest.IsEmpty)
            return "The time has no offset from UTC. End it with Z for UTC, or with an offset such as +09:00 (RFC 3339).";
        if (!TryGetOffset(rest, out var offset))
            return Shape;

        var ticks = new DateTime(year, month, day, hour, minute, 0).Ticks + (second * TimeSpan.TicksPerSecond) - offset;
        if (second == 60 && ticks % TimeSpan.TicksPerDay != 0)
            return "A leap second is the last second of a day in UTC. " + Shape;
        ticks += fraction;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
            return "The time is out of range: the years are 1 to 9999 in UTC.";
        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return null;
    }

    private static bool TryGetFraction(ReadOnlySpan<byte> text, out long ticks, out ReadOnlySpan<byte> rest)
    {
        ticks = 0;
        rest = text;
        if (!text.StartsWith("."u8))
            return true;
        var digits = text[1..];
        var count = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        count = count < 0 ? digits.Length : count;
        for (var i = 0; i < FractionDigitsMax; i++)
            ticks = (ticks * 10) + (i < count ? digits[i] - '0' : 0);
        rest = digits[count..];
        return count > 0;
    }

    private static bool TryGetOffset(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text is [(byte)'Z' or (byte)'z'])
            return true;
        if (text is not [(byte)'+' or (byte)'-', _, _, (byte)':', _, _] || !TryDigits(text[1..3], out var hours) || !TryDigits(text[4..], out var minutes) || hours > 23 || minutes > 59)
            return false;
        ticks = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
                return false;
            number = (number * 10) + digit - '0';
        }

        return true;
    }
}
