namespace KvStore.Server;

/// <summary>What an answer in JSON needs to know of a media type, found once for the many entries that have the same. Immutable.</summary>
internal sealed class MediaType
{
    private const int Places = 16;

    // By length, which tells the usual types apart. Threads that race for a place find out once more than necessary.
    private static readonly MediaType?[] Recent = new MediaType?[Places];

    private readonly string _text;
    private readonly byte[] _json;

    private MediaType(string text)
    {
        _text = text;
        _json = JsonEncodedText.Encode(text, JsonWriting.Options.Encoder).EncodedUtf8Bytes.ToArray();
        IsJson = ContentTypes.IsJson(text);
        HasOtherCharset = ContentTypes.HasOtherCharset(text);
    }

    /// <summary>The text, as it is in a JSON string.</summary>
    public ReadOnlySpan<byte> Json => _json;

    /// <inheritdoc cref="ContentTypes.IsJson"/>
    public bool IsJson { get; }

    /// <inheritdoc cref="ContentTypes.HasOtherCharset"/>
    public bool HasOtherCharset { get; }

    public static MediaType Of(string text)
    {
        ref var recent = ref Recent[text.Length % Places];
        var known = Volatile.Read(ref recent);
        if (known is not null && known._text == text)
            return known;
        var found = new MediaType(text);
        Volatile.Write(ref recent, found);
        return found;
    }
}
