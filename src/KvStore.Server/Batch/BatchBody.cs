namespace KvStore.Server;

/// <summary>The body of a batch of reads: <c>{"keys": [...]}</c>.</summary>
internal static class BatchBody
{
    private const string Example = "a JSON object such as {\"keys\": [\"a\", \"b\"]}";

    public static Problem? TryParse(ReadOnlySpan<byte> bytes, KvStoreOptions options, Principal principal, out List<Key> keys)
    {
        keys = [];
        if (TextInput.TryOpen(bytes, Example, out var utf8) is { } problem)
            return problem;
        try
        {
            return TryRead(utf8, options, principal, keys);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    private static Problem? TryRead(ReadOnlySpan<byte> utf8, KvStoreOptions options, Principal principal, List<Key> keys)
    {
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var seen = 0;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest($"Send {Example}.", "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "keys"u8)
                ? JsonText.Once(ref seen, 1, "keys") ?? TryReadKeys(ref reader, options, principal, keys)
                : JsonText.Unknown(ref reader, "keys");
            if (problem is not null)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        return seen == 1 ? null : Problems.MalformedRequest("Give the keys to read as an array of strings.", "keys");
    }

    private static Problem? TryReadKeys(ref Utf8JsonReader reader, KvStoreOptions options, Principal principal, List<Key> keys)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            return Problems.MalformedRequest("Give an array of strings.", "keys");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (keys.Count == options.BatchKeysMax)
                return Problems.MalformedRequest($"Give at most {options.BatchKeysMax} keys; read the others with another request.", "keys");
            Key key = default;
            var problem = JsonString.TryGet(ref reader, "keys", out var text)
                ?? KeyText.TryCreate(text.Utf8, options.KeyBytesMax, "keys", out key)
                ?? Access.Check(principal, Rights.Read, key);
            if (problem is not null)
                return problem with { Field = $"keys[{keys.Count}]" };
            keys.Add(key);
        }

        return null;
    }
}
