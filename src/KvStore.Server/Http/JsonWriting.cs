using System.Text.Encodings.Web;

namespace KvStore.Server;

/// <summary>How the service writes JSON.</summary>
internal static class Json
{
    /// <summary>Readable text rather than \u escapes; safe because every answer is nosniff or no script context.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
