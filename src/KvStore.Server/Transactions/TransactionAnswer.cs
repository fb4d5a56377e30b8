using System.Buffers;
using System.Text.Json;

namespace KvStore.Server;

/// <summary>Writes what a transaction did: a result per operation, in their order.</summary>
internal sealed class TransactionAnswer(TransactionBody body, Outcome.Committed committed)
{
    // Where in what was committed the next operation's part is.
    private int _change;
    private int _read;

    /// <summary>Writes what comes before the results.</summary>
    public void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("revision"u8, committed.Revision);
        json.WriteStartArray("results"u8);
    }

    /// <summary>Writes the results, one each time that the next is asked for.</summary>
    public IEnumerable<Utf8JsonWriter> WriteResults(Utf8JsonWriter json)
    {
        foreach (var step in body.Steps)
        {
            json.WriteStartObject();
            json.WritePropertyName(TransactionStep.NameOf(step.Kind));
            WriteResult(json, step);
            json.WriteEndObject();
            yield return json;
        }
    }

    /// <summary>Writes what comes after the results.</summary>
    public static void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The whole answer, to be remembered. One of more bytes than that is not, so it is not finished.</summary>
    public WriteAnswer ToWriteAnswer(int bytesMax)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Json.WriterOptions);
        Begin(json);
        foreach (var _ in WriteResults(json))
        {
            if (json.BytesCommitted + json.BytesPending > bytesMax)
                break;
        }

        End(json);
        json.Flush();
        return new WriteAnswer(StatusCodes.Status200OK, committed.Revision) { ContentType = ContentTypes.Json, Body = buffer.WrittenMemory };
    }

    private void WriteResult(Utf8JsonWriter json, TransactionStep step)
    {
        if (step.Kind == StepKind.Get)
        {
            if (committed.Reads[_read++] is { } entry)
                EntryJson.Write(json, entry, withValue: true);
            else
                json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        switch (step.Kind)
        {
            case StepKind.Put:
                json.WriteString("key"u8, step.Key.Utf8);
                json.WriteNumber("revision"u8, committed.Revision);
                json.WriteBoolean("created"u8, committed.Changes[_change++].Previous is null);
                break;
            case StepKind.Delete:
                json.WriteString("key"u8, step.Key.Utf8);
                json.WriteBoolean("deleted"u8, TryPassDelete(step.Key));
                break;
            default:
                json.WriteString("from"u8, step.Key.Utf8);
                json.WriteString("to"u8, step.To.Utf8);
                json.WriteNumber("revision"u8, committed.Revision);
                _change += 2;
                break;
        }

        json.WriteEndObject();
    }

    // What was not there is not among the changes.
    private bool TryPassDelete(Key key)
    {
        if (_change >= committed.Changes.Length || committed.Changes[_change].Key != key)
            return false;
        _change++;
        return true;
    }
}
