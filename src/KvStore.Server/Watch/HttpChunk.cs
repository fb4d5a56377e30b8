using System.Buffers.Text;

namespace KvStore.Server;

/// <summary>
/// A chunk of an answer with chunked coding (RFC 9112, section 7.1): its size, its content, and two line ends. Bytes that many connections send are made
/// in this form, so that they can be sent as they are; where the web server makes the chunks, or there are none, the content is taken out.
/// </summary>
internal static class HttpChunk
{
    private const int SizeDigitsMax = 8;

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>The chunk of a content. Nothing for no content, because an empty chunk ends an answer.</summary>
    public static byte[] Of(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            return [];
        Span<byte> size = stackalloc byte[SizeDigitsMax];
        Utf8Formatter.TryFormat(content.Length, size, out var digits, new StandardFormat('x'));
        return [.. size[..digits], .. LineEnd, .. content, .. LineEnd];
    }

    /// <summary>The content of a chunk.</summary>
    public static ReadOnlyMemory<byte> ContentOf(ReadOnlyMemory<byte> chunk) =>
        chunk.IsEmpty ? chunk : chunk[(chunk.Span.IndexOf(LineEnd) + LineEnd.Length)..^LineEnd.Length];
}
