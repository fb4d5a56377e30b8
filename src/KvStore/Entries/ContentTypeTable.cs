using System.Collections.Frozen;
using System.Text;

namespace KvStore;

/// <summary>Common content types by number, so that an entry has a byte of them; and the texts of others that were asked for lately.</summary>
internal static class ContentTypeTable
{
    // A text of at most 256 characters in each: 35 KiB at most, whatever clients send.
    private const int RecentTexts = 64;

    private static readonly string[] Numbered =
    [
        "", // Zero says that the content type has no number.
        "application/octet-stream", "application/json", "text/plain",
        "application/json; charset=utf-8", "application/json;charset=utf-8", "application/json;charset=UTF-8",
        "text/plain; charset=utf-8", "text/plain;charset=utf-8", "text/plain;charset=UTF-8",
        "text/html", "text/html; charset=utf-8", "text/xml", "application/xml", "text/css", "text/csv", "text/markdown",
        "text/javascript", "application/javascript", "application/yaml", "application/problem+json", "application/ld+json",
        "application/x-ndjson", "application/cbor", "application/msgpack", "application/protobuf", "application/x-protobuf",
        "application/pdf", "application/zip", "application/gzip", "application/wasm",
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "audio/mpeg", "video/mp4",
    ];

    private static readonly FrozenDictionary<string, int> Numbers =
        Enumerable.Range(1, NumberMax).ToFrozenDictionary(number => Numbered[number], StringComparer.Ordinal);

    // Whoever needs a place takes it. Threads that race for one make a text once more than necessary.
    private static readonly string?[] Recent = new string?[RecentTexts];

    /// <summary>The greatest number that there is.</summary>
    public static int NumberMax => Numbered.Length - 1;

    /// <summary>The content type's number, at most 127; zero when it has none.</summary>
    public static int NumberOf(string contentType) => Numbers.GetValueOrDefault(contentType);

    /// <summary>The content type that has a number.</summary>
    public static string TextOf(int number) => Numbered[number];

    /// <summary>Text of ASCII bytes; usually not a new one.</summary>
    public static string TextOf(ReadOnlySpan<byte> ascii)
    {
        var hash = new HashCode();
        hash.AddBytes(ascii);
        ref var recent = ref Recent[(uint)hash.ToHashCode() % RecentTexts];
        if (recent is { } text && Ascii.Equals(ascii, text))
            return text;
        return recent = Encoding.ASCII.GetString(ascii);
    }
}
