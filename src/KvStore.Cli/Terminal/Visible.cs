namespace KvStore.Cli;

/// <summary>Text and bytes of others for a terminal: what would move its cursor or change its state is escaped.</summary>
internal static class Visible
{
    /// <summary>A value over any number of lines: line breaks and tabs stay.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Escape(bytes, keepsLines: true);

    /// <summary>A key or a value on one line.</summary>
    public static string Line(ReadOnlySpan<byte> bytes) => Escape(bytes, keepsLines: false);

    /// <summary>A key on one line.</summary>
    public static string Line(string text) => Line(Encoding.UTF8.GetBytes(text));

    /// <summary>The text in at most so many columns.</summary>
    public static string Cut(string text, int width) => Columns(text) <= width ? text : width <= 1 ? "…" : Take(text, width - 1) + "…";

    /// <summary>The columns that a text takes. East Asian wide characters and emoji take two, and colors none.</summary>
    public static int Columns(string text)
    {
        var (columns, isInColor) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!isInColor && rune.Value != '\e')
                columns += ColumnsOf(rune);
            isInColor = rune.Value == '\e' || (isInColor && rune.Value != 'm');
        }

        return columns;
    }

    private static string Take(string text, int width)
    {
        var taken = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            width -= ColumnsOf(rune);
            if (width < 0)
                break;
            taken.Append(rune);
        }

        return taken.ToString();
    }

    private static int ColumnsOf(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
        : rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60)
            or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1;

    private static string Escape(ReadOnlySpan<byte> bytes, bool keepsLines)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var isText = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (isText && (!IsControl(rune) || (keepsLines && rune.Value is '\n' or '\t')))
                text.Append(rune);
            else
                AppendEscaped(text, bytes[..length]);
            bytes = bytes[length..];
        }

        return text.ToString();
    }

    // Marks of direction would show another order than the bytes have.
    private static bool IsControl(Rune rune) => Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);

    private static void AppendEscaped(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            text.Append(value switch
            {
                (byte)'\n' => "\\n",
                (byte)'\r' => "\\r",
                (byte)'\t' => "\\t",
                _ => $"\\x{value:x2}",
            });
        }
    }
}
