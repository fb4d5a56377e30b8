namespace KvStore.Server;

/// <summary>
/// A line of an import: an entry as an export writes it. Members that only listings have are ignored, so that items of a listing can
/// also be imported.
/// </summary>
internal static class ImportLine
{
    private static readonly string[] Ignored = ["revision", "created_revision", "version", "size", "modified_at"];

    /// <summary>Reads a line, whose key the principal must have the right to write; the entry is null if it has expired already.</summary>
    public static Problem? TryParse(ReadOnlySpan<byte> bytes, KvStoreOptions options, DateTimeOffset now, Principal principal, out EntryDraft? draft)
    {
        draft = null;

        // Files that are joined have theirs in the middle.
        var utf8 = TextInput.WithoutMark(bytes);
        if (TextInput.FaultOf(utf8) is { } fault)
            return Problems.MalformedRequest($"The line {fault}");
        try
        {
            return TryRead(utf8, options, now, principal, out draft);
        }
        catch (JsonException)
        {
            return Problems.MalformedRequest($"The line {JsonFault.Of(utf8, JsonText.ReaderOptions.MaxDepth)}");
        }
    }

    private static Problem? TryRead(ReadOnlySpan<byte> utf8, KvStoreOptions options, DateTimeOffset now, Principal principal, out EntryDraft? draft)
    {
        draft = null;
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var members = default(EntryMembers);
        DateTimeOffset? expiresAt = null;
        var seen = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest("The line is not a JSON object, such as {\"key\": \"a\", \"text\": \"b\"}.");

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = members.TryTake(ref reader, utf8, out var malformed) ? malformed
                : JsonText.IsOn(ref reader, "expires_at"u8) ? JsonText.Once(ref seen, 1, "expires_at") ?? TryGetTime(ref reader, out expiresAt)
                : Ignore(ref reader, ref seen);
            if (problem is not null)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        if (members.TryMake(options.KeyBytesMax, options.ValueBytesMax, expiresAt, out var made) is { } unmade)
            return unmade;
        if (Access.Check(principal, Rights.Write, made.Key) is { } forbidden)
            return forbidden with { Field = "key" };
        draft = expiresAt <= now ? null : made;
        return null;
    }

    private static Problem? TryGetTime(ref Utf8JsonReader reader, out DateTimeOffset? time)
    {
        time = null;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        var problem = JsonTime.TryGet(ref reader, "expires_at", out var given);
        time = given;
        return problem;
    }

    private static Problem? Ignore(ref Utf8JsonReader reader, ref int seen)
    {
        for (var i = 0; i < Ignored.Length; i++)
        {
            if (!JsonText.IsOn(ref reader, Ignored[i]))
                continue;
            reader.Skip();
            return JsonText.Once(ref seen, 2 << i, Ignored[i]);
        }

        return JsonText.Unknown(ref reader, EntryMembers.Known + ", expires_at, " + string.Join(", ", Ignored));
    }
}
