namespace KvStore.Server;

/// <summary>The text of a JSON string as UTF-8: a slice of the request's bytes, or a copy if they have escapes.</summary>
internal readonly ref struct JsonString(ReadOnlySpan<byte> utf8)
{
    public ReadOnlySpan<byte> Utf8 { get; } = utf8;

    public static Problem? TryGet(scoped ref Utf8JsonReader reader, string name, out JsonString text)
    {
        text = default;
        if (reader.TokenType != JsonTokenType.String)
            return Problems.MalformedRequest("Give a JSON string.", name);
        if (!reader.ValueIsEscaped)
        {
            text = new JsonString(reader.ValueSpan);
            return null;
        }

        try
        {
            // Unescaped text is never longer.
            var bytes = GC.AllocateUninitializedArray<byte>(reader.ValueSpan.Length);
            text = new JsonString(bytes.AsSpan(0, reader.CopyString(bytes)));
            return null;
        }
        catch (InvalidOperationException)
        {
            return Problems.MalformedRequest("The string has half of a surrogate pair. Write a character beyond U+FFFF as itself, or as both halves.", name);
        }
    }
}
