using System.Text.Encodings.Web;

namespace KvStore.Server;

/// <summary>How the service writes JSON.</summary>
internal static class JsonWriting
{
    /// <summary>Readable text rather than \u escapes; safe because every answer is nosniff or no script context.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Ends a line of <see cref="ContentTypes.Lines"/>.</summary>
    public static void EndLine(IBufferWriter<byte> output)
    {
        output.GetSpan(1)[0] = (byte)'\n';
        output.Advance(1);
    }
}
