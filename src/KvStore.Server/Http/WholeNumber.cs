namespace KvStore.Server;

/// <summary>Whole numbers in requests: decimal digits and nothing else.</summary>
internal static class WholeNumber
{
    /// <summary>Reads a number; false if it is something else or too large.</summary>
    /// <param name="text">The text.</param>
    /// <param name="number">The number.</param>
    /// <param name="maySign">Whether it may begin with a sign.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long number, bool maySign = false) =>
        long.TryParse(text, maySign ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out number)

        // The parser ignores zeros (U+0000) after the digits, whatever the style.
        && text[^1] != '\0';
}
