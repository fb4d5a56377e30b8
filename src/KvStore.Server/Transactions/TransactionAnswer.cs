namespace KvStore.Server;

/// <summary>Writes what a transaction did: a result for each operation, in their order.</summary>
internal static class TransactionAnswer
{
    private const int PlainKeyBytesMax = 160;

    // What the result of a put has besides the key.
    private const int PlainPutBytes = 80;

    /// <summary>Answers with a committed transaction, sending results while they are written.</summary>
    public static async Task WriteAsync(HttpContext context, KvStoreOptions options, Transaction transaction, Outcome.Committed committed)
    {
        context.Response.SetRevision(committed.Revision);
        var output = new JsonOutput(context, options);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteNumber("revision"u8, committed.Revision);
        json.WriteStartArray("results"u8);
        for (var i = 0; i < transaction.Operations.Length; i++)
        {
            var operation = transaction.Operations[i];
            if (operation is Put && TryWritePut(json, operation.Key, committed.Results[i], committed.Revision))
            {
                await output.FlushIfFullAsync();
                continue;
            }

            json.WriteStartObject();
            json.WritePropertyName(TransactionMembers.NameOf(operation));
            if (operation is not Get)
                Write(json, operation, committed.Results[i], committed.Revision);
            else if (committed.Results[i].Entry is { } entry)
                await EntryJson.WriteAsync(output, entry, withValue: true);
            else
                json.WriteNullValue();
            json.WriteEndObject();
            await output.FlushIfFullAsync();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync();
    }

    // Most results are those of puts to keys without escapes.
    private static bool TryWritePut(Utf8JsonWriter json, Key key, in OperationResult result, long revision)
    {
        if (key.Length > PlainKeyBytesMax || !PlainJson.IsPlain(key.Utf8))
            return false;
        var text = new PlainJson(stackalloc byte[PlainKeyBytesMax + PlainPutBytes]);
        text.Append("{\"put\":{\"key\":\""u8);
        text.Append(key.Utf8);
        text.Append("\",\"revision\":"u8);
        text.Append(revision);
        text.Append(result.Existed ? ",\"created\":false}}"u8 : ",\"created\":true}}"u8);
        json.WriteRawValue(text.Written, skipInputValidation: true);
        return true;
    }

    private static void Write(Utf8JsonWriter json, Operation operation, in OperationResult result, long revision)
    {
        json.WriteStartObject();
        switch (operation)
        {
            case Move move:
                json.WriteString("from"u8, move.Key.Utf8);
                json.WriteString("to"u8, move.To.Utf8);
                json.WriteNumber("revision"u8, revision);
                break;
            case Delete:
                json.WriteString("key"u8, operation.Key.Utf8);
                json.WriteBoolean("deleted"u8, result.Existed);
                break;
            default:
                json.WriteString("key"u8, operation.Key.Utf8);
                json.WriteNumber("revision"u8, revision);
                json.WriteBoolean("created"u8, !result.Existed);
                break;
        }

        json.WriteEndObject();
    }
}
