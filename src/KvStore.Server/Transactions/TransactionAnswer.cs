using System.Collections.Immutable;

namespace KvStore.Server;

/// <summary>Writes what a transaction did: a result for each operation, in their order.</summary>
internal static class TransactionAnswer
{
    // A longer key is written as those with escapes are.
    private const int PlainKeyBytesMax = 160;

    // What the result of a put has besides the key, and the answer besides its results.
    private const int PlainPutBytes = 80;
    private const int PlainHeadBytes = 48;

    /// <summary>Answers with a committed transaction, sending results while they are written.</summary>
    public static Task WriteAsync(HttpContext context, KvStoreOptions options, Transaction transaction, Outcome.Committed committed)
    {
        context.Response.SetRevision(committed.Revision);
        return PlainBytesMax(transaction.Operations) is { } bytes and <= PacedOutput.PieceBytes
            ? WritePlainAsync(context, transaction.Operations, committed, bytes)
            : WriteAnyAsync(context, options, transaction, committed);
    }

    // Room for the answer if it can be put together in one piece; null if it cannot. Nearly all transactions put some entries under keys without escapes.
    private static int? PlainBytesMax(ImmutableArray<Operation> operations)
    {
        var bytes = PlainHeadBytes;
        foreach (var operation in operations)
        {
            if (operation is not Put || !IsPlain(operation.Key))
                return null;
            bytes += operation.Key.Length + PlainPutBytes;
        }

        return bytes;
    }

    private static async Task WritePlainAsync(HttpContext context, ImmutableArray<Operation> operations, Outcome.Committed committed, int bytesMax)
    {
        var (response, output) = (context.Response, context.Response.BodyWriter);
        var length = WritePlain(output.GetSpan(bytesMax), operations, committed);
        output.Advance(length);
        response.SetContent(ContentTypes.Json);
        response.ContentLength = length;
        await output.FlushAsync(CancellationToken.None);
    }

    private static int WritePlain(Span<byte> room, ImmutableArray<Operation> operations, Outcome.Committed committed)
    {
        var json = new PlainJson(room);
        json.Append("{\"revision\":"u8);
        json.Append(committed.Revision);
        json.Append(",\"results\":["u8);
        for (var i = 0; i < operations.Length; i++)
        {
            json.Append(i == 0 ? ""u8 : ","u8);
            AppendPut(ref json, operations[i].Key, committed.Results[i], committed.Revision);
        }

        json.Append("]}"u8);
        return json.Length;
    }

    private static async Task WriteAnyAsync(HttpContext context, KvStoreOptions options, Transaction transaction, Outcome.Committed committed)
    {
        var output = new JsonOutput(context, options);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteNumber("revision"u8, committed.Revision);
        json.WriteStartArray("results"u8);
        for (var i = 0; i < transaction.Operations.Length; i++)
        {
            var operation = transaction.Operations[i];
            if (operation is Put && IsPlain(operation.Key))
            {
                WritePut(json, operation.Key, committed.Results[i], committed.Revision);
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

    private static bool IsPlain(Key key) => key.Length <= PlainKeyBytesMax && PlainJson.IsPlain(key.Utf8);

    private static void WritePut(Utf8JsonWriter json, Key key, in OperationResult result, long revision)
    {
        var text = new PlainJson(stackalloc byte[PlainKeyBytesMax + PlainPutBytes]);
        AppendPut(ref text, key, result, revision);
        json.WriteRawValue(text.Written, skipInputValidation: true);
    }

    private static void AppendPut(ref PlainJson json, Key key, in OperationResult result, long revision)
    {
        json.Append("{\"put\":{\"key\":\""u8);
        json.Append(key.Utf8);
        json.Append("\",\"revision\":"u8);
        json.Append(revision);
        json.Append(result.Existed ? ",\"created\":false}}"u8 : ",\"created\":true}}"u8);
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
