using System.Buffers.Text;

namespace KvStore.Server;

/// <summary>
/// The members by which a client gives an entry in JSON: <c>key</c>, exactly one of <c>json</c>, <c>text</c> and <c>base64</c>, and
/// <c>content_type</c>, in any order. The value is written straight into the entry's memory.
/// </summary>
internal ref struct EntryMembers
{
    /// <summary>The members, as listed in the problem for an unknown one.</summary>
    public const string Known = "key, json, text, base64, content_type";

    private const string OneValue = "Give the value once, as one of json, text and base64.";

    private Form _form;
    private ReadOnlySpan<byte> _key;
    private ReadOnlySpan<byte> _value;
    private string? _contentType;

    private enum Form
    {
        None,
        Json,
        Text,
        Base64,
    }

    /// <summary>Takes the member that the reader is on, and leaves the reader at the end of its value; false if it is another member.</summary>
    public bool TryTake(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, out Problem? problem)
    {
        problem = null;
        if (JsonText.IsOn(ref reader, "key"u8))
            problem = TakeKey(ref reader);
        else if (JsonText.IsOn(ref reader, "json"u8))
            problem = TakeJson(ref reader, utf8);
        else if (JsonText.IsOn(ref reader, "text"u8))
            problem = TakeString(ref reader, Form.Text, "text");
        else if (JsonText.IsOn(ref reader, "base64"u8))
            problem = TakeString(ref reader, Form.Base64, "base64");
        else if (JsonText.IsOn(ref reader, "content_type"u8))
            problem = TakeContentType(ref reader);
        else
            return false;
        return true;
    }

    public readonly Problem? TryMake(int keyBytesMax, int valueBytesMax, DateTimeOffset? expiresAt, out EntryDraft draft)
    {
        draft = default;
        if (_key.IsEmpty)
            return Problems.MalformedRequest("Give the entry's key.", "key");
        if (_form == Form.None)
            return Problems.MalformedRequest(OneValue, "text");
        if (KeyText.Check(_key, keyBytesMax, "key") is { } problem)
            return problem;
        var length = _form == Form.Base64 ? DecodedLength(_value) : _value.Length;
        if (length > valueBytesMax)
            return Problems.TooLarge(valueBytesMax) with { Field = NameOf(_form) };

        draft = new EntryDraft(_key, length, _contentType ?? DefaultOf(_form), expiresAt);
        if (_form != Form.Base64)
            _value.CopyTo(draft.Value.Span);
        else if (_value.Length % 4 != 0 || Base64.DecodeFromUtf8(_value, draft.Value.Span, out _, out var written) != OperationStatus.Done || written != length)
            return Problems.MalformedRequest("Give base64 (RFC 4648, section 4) with its padding and without white space.", "base64");
        return null;
    }

    private Problem? TakeKey(ref Utf8JsonReader reader)
    {
        if (!_key.IsEmpty)
            return JsonText.Twice("key");
        reader.Read();
        var problem = JsonString.TryGet(ref reader, "key", out var text);
        _key = text.Utf8;
        return problem ?? (_key.IsEmpty ? KeyText.Check(_key, 1, "key") : null);
    }

    private Problem? TakeJson(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        _value = utf8[start..(int)reader.BytesConsumed];
        return Take(Form.Json, "json");
    }

    private Problem? TakeString(ref Utf8JsonReader reader, Form form, string name)
    {
        reader.Read();
        var problem = JsonString.TryGet(ref reader, name, out var text);
        _value = text.Utf8;
        return problem ?? Take(form, name);
    }

    private Problem? Take(Form form, string name)
    {
        var isFirst = _form == Form.None;
        _form = form;
        return isFirst ? null : Problems.MalformedRequest(OneValue, name);
    }

    private Problem? TakeContentType(ref Utf8JsonReader reader)
    {
        if (_contentType is not null)
            return JsonText.Twice("content_type");
        reader.Read();
        return JsonString.TryGet(ref reader, "content_type", out var text) ?? ContentTypes.TryGet(text.Utf8, "content_type", out _contentType);
    }

    private static string NameOf(Form form) => form switch
    {
        Form.Json => "json",
        Form.Text => "text",
        _ => "base64",
    };

    private static string DefaultOf(Form form) => form switch
    {
        Form.Json => ContentTypes.Json,
        Form.Text => ContentTypes.Text,
        _ => ContentTypes.OctetStream,
    };

    // Meaningless for text that is not base64, which the decoder will reject.
    private static int DecodedLength(ReadOnlySpan<byte> base64) =>
        Math.Max(0, (base64.Length / 4 * 3) - (base64.EndsWith("=="u8) ? 2 : base64.EndsWith("="u8) ? 1 : 0));
}
