using System.Buffers;
using System.Runtime.CompilerServices;

namespace KvStore.Cli;

/// <summary>Lines as <c>kv export</c> and <c>GET /v1/export</c> write them.</summary>
internal static class ExportLines
{
    public static async IAsyncEnumerable<ImportItem> ReadAsync(SourceStream source, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = new LineReader(source, source.Name);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Span.Trim(" \t\uFEFF"u8).IsEmpty)
                continue;
            var place = string.Create(CultureInfo.InvariantCulture, $"line {lines.Count}");

            // The service says what is wrong with a line. One with a prefix has to be read here.
            yield return options is { Prefix.Length: 0, ContentType: null } ? new ImportItem(place, line.ToArray()) : Rewrite(place, line, options);
        }
    }

    private static ImportItem Rewrite(string place, ReadOnlyMemory<byte> line, ImportOptions options)
    {
        try
        {
            using var document = JsonDocument.Parse(line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("key", out var key) || key.ValueKind != JsonValueKind.String)
                return ImportItem.Failed(place, "It is no object with a key.");
            var rewritten = new ArrayBufferWriter<byte>(line.Length + options.Prefix.Length);
            using (var json = new Utf8JsonWriter(rewritten, Session.JsonOptions))
                Write(json, document.RootElement, options);
            return new ImportItem(place, rewritten.WrittenMemory);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return ImportItem.Failed(place, $"It is no valid JSON: {exception.Message}");
        }
    }

    private static void Write(Utf8JsonWriter json, JsonElement entry, ImportOptions options)
    {
        json.WriteStartObject();
        foreach (var member in entry.EnumerateObject())
        {
            if (member.Name == "content_type" && options.ContentType is not null)
                continue;
            json.WritePropertyName(member.Name);
            if (member.Name == "key")
                json.WriteStringValue(options.Prefix + member.Value.GetString());
            else
                json.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
        }

        if (options.ContentType is { } type)
            json.WriteString("content_type"u8, type);
        json.WriteEndObject();
    }
}
