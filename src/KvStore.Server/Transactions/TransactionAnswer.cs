namespace KvStore.Server;

/// <summary>Writes what a transaction did: a result for each operation, in their order.</summary>
internal static class TransactionAnswer
{
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
            json.WriteStartObject();
            var operation = transaction.Operations[i];
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
