using System.Text.Encodings.Web;
using System.Text.Json;

namespace KvStore.Server;

/// <summary>How the service writes and reads JSON.</summary>
internal static class Json
{
    /// <summary>Readable text rather than \u escapes; safe because every answer says nosniff or is no script context.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
