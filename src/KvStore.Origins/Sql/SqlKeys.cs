using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KvStore.Origins;

/// <summary>Many keys as one parameter, for databases without arrays.</summary>
internal static class SqlKeys
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON array of texts, which json_each and json_table read.</summary>
    public static string ToJson(string[] keys)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartArray();
            foreach (var key in keys)
                json.WriteStringValue(key);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
