using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace KvStore.Origins;

/// <summary>A call as a line of JSON. The values of secret headers are left out.</summary>
internal sealed class JournalLine(OriginOptions options)
{
    private const string Redacted = "[redacted]";

    // A file is no page of HTML, so its text need not be escaped for one.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // Those that are secret by their meaning, those that the operator names, and all that the settings send: an API key has many names.
    private readonly HashSet<string> _secret = new(
        ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", .. options.Journal?.RedactHeaders ?? [], .. options.Http?.Headers.Keys ?? []],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Writes the line, with its end.</summary>
    public void Write(OriginCall call, ArrayBufferWriter<byte> line)
    {
        using (var json = new Utf8JsonWriter(line, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("time", call.At.ToUniversalTime());
            json.WriteString("origin", options.Name);
            json.WriteNumber("elapsedMs", Math.Round(call.Elapsed.TotalMilliseconds, 3));
            json.WriteString("method", call.Method);
            if (call.Url is not null)
            {
                json.WriteString("url", call.Url.AbsoluteUri);
                WriteHeaders(json, "requestHeaders", call.RequestHeaders);
            }
            else
            {
                WriteKeys(json, call);
            }

            if (call.RequestBody is { } sent)
                WriteBody(json, "requestBody", "requestBodyBase64", sent.Span);
            if (call.Status > 0)
            {
                json.WriteNumber("status", call.Status);
                WriteHeaders(json, "headers", call.Headers);
            }

            WriteBody(json, "body", "bodyBase64", call.Body.Span);
            if (call.Failure is not null)
                json.WriteString("failure", call.Failure);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
    }

    private static void WriteBody(Utf8JsonWriter json, string text, string binary, ReadOnlySpan<byte> body)
    {
        if (Utf8.IsValid(body))
            json.WriteString(text, body);
        else
            json.WriteBase64String(binary, body);
    }

    private static void WriteKeys(Utf8JsonWriter json, OriginCall call)
    {
        json.WriteStartArray("keys");
        foreach (var key in call.Keys)
            json.WriteStringValue(key);
        json.WriteEndArray();
        if (call.Found is { } found)
            json.WriteNumber("found", found);
    }

    // A header that occurs more than once is one member, as RFC 9110 (section 5.3) combines it.
    private void WriteHeaders(Utf8JsonWriter json, string name, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        json.WriteStartObject(name);
        foreach (var group in headers.GroupBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
            json.WriteString(group.Key, _secret.Contains(group.Key) ? Redacted : string.Join(", ", group.Select(header => header.Value)));
        json.WriteEndObject();
    }
}
