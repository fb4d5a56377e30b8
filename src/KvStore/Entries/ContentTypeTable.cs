using System.Collections.Frozen;

namespace KvStore;

/// <summary>Numbers for common content types, so that an entry needs less than a byte for one; and a cache of other texts. Thread-safe.</summary>
internal static class ContentTypeTable
{
    /// <summary>The number of <see cref="Entry.MergeableContentType"/>.</summary>
    public const int Mergeable = 1;

    // Each is a text of at most 256 characters, so the cache has at most 35 KiB, whatever clients send.
    private const int RecentTexts = 64;

    private static readonly string[] Numbered =
    [
        "", // Zero means no number.
        Entry.MergeableContentType,
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

    // A new text replaces the one with the same hash. Threads that race for a place create a text once more than necessary.
    private static readonly string?[] Recent = new string?[RecentTexts];

    /// <summary>The greatest number in use.</summary>
    public static int NumberMax => Numbered.Length - 1;

    /// <summary>The number of a content type, at most 127; zero when it has none.</summary>
    public static int NumberOf(string contentType) => Numbers.GetValueOrDefault(contentType);

    /// <summary>The content type of a number.</summary>
    public static string TextOf(int number) => Numbered[number];

    /// <summary>The text of ASCII bytes; from the cache when it was used recently.</summary>
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
