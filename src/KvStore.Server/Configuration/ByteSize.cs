namespace KvStore.Server;

/// <summary>Sizes as people write them: bytes, or a number with a unit, such as <c>64KiB</c> (65536) and <c>1MB</c> (1000000).</summary>
internal static class ByteSize
{
    /// <summary>Examples of the accepted text, for problems and usage.</summary>
    public const string Forms = "65536, 64KiB or 1MB";

    // From the largest on, so that the first that divides a size is the shortest text. No unit is the beginning of another one's end.
    private static readonly (string Name, long Bytes)[] Units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1),
    ];

    /// <summary>Reads a size; false if it is something else, or no whole number of bytes.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var unit = Array.Find(Units, unit => text.EndsWith(unit.Name, StringComparison.OrdinalIgnoreCase));
        var number = unit.Name is { } name ? text.AsSpan(0, text.Length - name.Length) : text;
        var style = unit.Bytes > 1 ? NumberStyles.AllowDecimalPoint : NumberStyles.None;

        // No more digits than a decimal multiplied by the largest unit can hold.
        if (number.Length > 15 || !decimal.TryParse(number, style, CultureInfo.InvariantCulture, out var value))
            return unit.Name is null && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out bytes);
        value *= Math.Max(1, unit.Bytes);
        if (value != decimal.Truncate(value) || value > long.MaxValue)
            return false;
        bytes = (long)value;
        return true;
    }

    /// <summary>The shortest exact text of a size.</summary>
    public static string TextOf(long bytes)
    {
        foreach (var (name, size) in Units)
        {
            if (name.EndsWith("iB", StringComparison.Ordinal) && bytes >= size && bytes % size == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{name}");
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
