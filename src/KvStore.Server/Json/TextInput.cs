using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>
/// The UTF-8 text of a request: a byte order mark at its start is skipped, and text that is empty or in another encoding is a problem
/// that says so. For the whole of a JSON body, and for each line of an import.
/// </summary>
internal static class TextInput
{
    /// <summary>U+FEFF, which some editors and shells write before UTF-8.</summary>
    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Opens the body of a request.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="example">What to send, for the problem of an empty body.</param>
    /// <param name="utf8">The text without its byte order mark.</param>
    public static Problem? TryOpen(ReadOnlySpan<byte> bytes, string example, out ReadOnlySpan<byte> utf8)
    {
        utf8 = WithoutMark(bytes);
        return IsBlank(utf8) ? Problems.MalformedRequest($"The body is empty. Send {example}.", "body")
            : FaultOf(utf8) is { } fault ? Problems.MalformedRequest($"The body {fault}", "body")
            : null;
    }

    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes) => bytes.StartsWith(ByteOrderMark) ? bytes[ByteOrderMark.Length..] : bytes;

    /// <summary>Whether the text has only the white space of JSON.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(" \t\r\n"u8);

    /// <summary>Says what is wrong with bytes that are not UTF-8, as the end of a sentence; null if nothing is.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> bytes)
    {
        // Zeros are valid UTF-8, and UTF-16 of ASCII is text with zeros.
        if (EncodingOf(bytes) is { } encoding)
            return $"is {encoding}. Send UTF-8.";
        if (Utf8.IsValid(bytes))
            return null;
        var at = InvalidAt(bytes);
        return $"is not UTF-8 at {Place.Of(bytes, at)} (0x{bytes[at]:X2}). Encode it as UTF-8.";
    }

    /// <summary>What the bytes are in place of UTF-8, by how they start; null if nothing is known.</summary>
    public static string? EncodingOf(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..] => "UTF-32",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => "UTF-16",
        [0x1F, 0x8B, ..] => "compressed with gzip",

        // Without a mark: JSON starts with a character of ASCII, which these encodings pad with zeros (RFC 4627, section 3).
        [0, 0, 0, not 0, ..] or [not 0, 0, 0, 0, ..] => "UTF-32",
        [0, not 0, ..] or [not 0, 0, ..] => "UTF-16",
        _ => null,
    };

    private static int InvalidAt(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at;
    }
}

/// <summary>A place in a text, for people: the line, if there are several, and the byte in it, both from 1.</summary>
internal static class Place
{
    public static string Of(ReadOnlySpan<byte> utf8, int at)
    {
        var before = utf8[..Math.Min(at, utf8.Length)];
        var column = before.Length - before.LastIndexOf((byte)'\n');
        return utf8.Contains((byte)'\n') ? $"line {before.Count((byte)'\n') + 1}, byte {column}" : $"byte {column}";
    }
}
