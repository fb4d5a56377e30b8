namespace KvStore.Server;

/// <summary>Says where text is not JSON and why, in words for the mistakes that people make. Reads the text again, so only for rejections.</summary>
internal static class JsonFault
{
    private const string HalfPair = "the string has half of a surrogate pair. Write a character beyond U+FFFF as itself, or as both halves";

    /// <summary>What follows "The body " or "The line ", in whole sentences.</summary>
    /// <param name="utf8">Text that is UTF-8 and that a reader rejected.</param>
    /// <param name="depthMax">The levels that the reader accepts.</param>
    public static string Of(ReadOnlySpan<byte> utf8, int depthMax)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = depthMax });
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped && JsonString.HasLoneSurrogate(reader.ValueSpan))
                    return Sentence(utf8, (int)reader.TokenStartIndex, HalfPair);
            }
        }
        catch (JsonException exception)
        {
            var at = OffsetOf(utf8, exception);

            // Inside of an object or array, the reader stops at a comma that nothing follows.
            if (reader.CurrentDepth > 0 && utf8[at..] is [(byte)',', ..] && TextInput.IsBlank(utf8[(at + 1)..]))
                at = utf8.Length;
            return Sentence(utf8, at, ReasonOf(utf8, at, ref reader, depthMax));
        }

        return "is not JSON as it is expected here.";
    }

    private static string Sentence(ReadOnlySpan<byte> utf8, int at, string reason) => $"is not JSON at {Place.Of(utf8, at)}: {reason}.";

    private static int OffsetOf(ReadOnlySpan<byte> utf8, JsonException exception)
    {
        var start = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
            start += utf8[start..].IndexOf((byte)'\n') + 1;
        return (int)Math.Min(start + (exception.BytePositionInLine ?? 0), utf8.Length);
    }

    private static string ReasonOf(ReadOnlySpan<byte> utf8, int at, ref Utf8JsonReader reader, int depthMax)
    {
        var rest = utf8[at..];
        if (rest.IsEmpty)
            return "it ends before the JSON is complete";
        if (reader.TokenType != JsonTokenType.None && reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return "there is more after the end of the JSON. Send one value";
        if (reader.CurrentDepth + (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? 1 : 0) >= depthMax && rest[0] is (byte)'{' or (byte)'[')
            return $"it is nested deeper than {depthMax} levels";
        var before = utf8[..at].TrimEnd(" \t\r\n"u8);
        var last = before.IsEmpty ? (byte)0 : before[^1];
        return rest[0] switch
        {
            (byte)'/' or (byte)'#' => "JSON has no comments. Remove it",
            (byte)'\'' => "text is in double quotes, not in single quotes",
            (byte)'}' or (byte)']' when last == ',' => "there is a comma after the last element. Remove it",
            < 0x20 => $"there is a control character (U+{rest[0]:X4}). In a string, write it as an escape, such as \\n",
            _ when StartsWithAny(rest, "NaN", "Infinity", "-Infinity") || (last == '-' && rest[0] == 'I') => "JSON has no NaN and no Infinity. Send null, or a string",
            _ when StartsWithAny(rest, "True", "False", "None", "undefined") => "write true, false and null in lower case",
            (byte)'+' => "a number has no plus sign",
            >= (byte)'0' and <= (byte)'9' when last == '0' => "a number has no leading zeros",
            _ when before.EndsWith("\\"u8) => "there is no such escape. Write a backslash as \\\\",
            (byte)'_' or (byte)'$' or >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z' => "a name or a text is in double quotes, and nothing else has letters but true, false and null",
            > 0x20 and < 0x7F => $"{(char)rest[0]} is not expected here",
            _ => $"the byte 0x{rest[0]:X2} is not expected here",
        };
    }

    private static bool StartsWithAny(ReadOnlySpan<byte> utf8, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (utf8.Length >= word.Length && Ascii.Equals(utf8[..word.Length], word))
                return true;
        }

        return false;
    }
}
