using System.Text.Unicode;

namespace KvStore.Server;

/// <summary>
/// Writes a value as exactly one of the members <c>json</c>, <c>text</c> and <c>base64</c>. Each of them gives the bytes exactly, since the media type
/// stands beside it; but a reader that parses <c>json</c> does not see its white space. A large value is written piece by piece: escapes can make it six
/// times as long. Not thread-safe.
/// </summary>
internal sealed class JsonValue
{
    /// <summary>The bytes of a piece, before escapes. A value of at most this size is one.</summary>
    public const int PieceBytes = 4096;

    private readonly JsonTarget _target;
    private readonly Form _form;
    private ReadOnlyMemory<byte> _rest;

    /// <summary>Begins a value.</summary>
    /// <param name="target">The output, in an object.</param>
    /// <param name="value">The bytes.</param>
    /// <param name="contentType">The media type.</param>
    /// <param name="mayBeJson">Whether JSON may be embedded where it stands.</param>
    public JsonValue(JsonTarget target, ReadOnlyMemory<byte> value, string contentType, bool mayBeJson = true)
    {
        (_target, _rest, _form) = (target, value, FormOf(value.Span, contentType, mayBeJson));
        target.Json.WritePropertyName(NameOf(_form));
    }

    private enum Form
    {
        Json,
        Text,
        Base64,
    }

    /// <summary>Writes a small value at once.</summary>
    /// <inheritdoc cref="JsonValue(JsonTarget, ReadOnlyMemory{byte}, string, bool)"/>
    public static void WriteSmall(JsonTarget target, ReadOnlyMemory<byte> value, string contentType, bool mayBeJson = true)
    {
        var bytes = value.Span;
        var form = FormOf(bytes, contentType, mayBeJson);
        if (form == Form.Text)
        {
            target.Json.WriteString("text"u8, bytes);
        }
        else if (form == Form.Base64)
        {
            target.Json.WriteBase64String("base64"u8, bytes);
        }
        else
        {
            target.Json.WritePropertyName("json"u8);
            WriteJson(target, bytes, isLast: true);
        }
    }

    /// <summary>Writes the next piece; false if there is none.</summary>
    public bool TryWritePiece()
    {
        if (_rest.IsEmpty)
            return false;
        var piece = _rest.Span[..Math.Min(_rest.Length, PieceBytes)];
        _rest = _rest[piece.Length..];
        if (_form == Form.Text)
            _target.Json.WriteStringValueSegment(piece, _rest.IsEmpty);
        else if (_form == Form.Base64)
            _target.Json.WriteBase64StringSegment(piece, _rest.IsEmpty);
        else
            WriteJson(_target, piece, _rest.IsEmpty);
        return true;
    }

    private static void WriteJson(JsonTarget target, ReadOnlySpan<byte> piece, bool isLast)
    {
        var needsChange = target.IsOneLine && piece.ContainsAny((byte)'\n', (byte)'\r');
        if (isLast && !needsChange)
        {
            target.Json.WriteRawValue(piece, skipInputValidation: true);
            return;
        }

        // The writer must have the last byte to know that there is a value.
        target.Embed(isLast ? piece[..^1] : piece);
        if (isLast)
            target.Json.WriteRawValue(piece[^1] is (byte)'\n' or (byte)'\r' ? " "u8 : piece[^1..], skipInputValidation: true);
    }

    private static Form FormOf(ReadOnlySpan<byte> value, string contentType, bool mayBeJson)
    {
        if (!Utf8.IsValid(value))
            return Form.Base64;
        if (ContentTypes.IsJson(contentType) && mayBeJson && InteroperableJson.Is(value))
            return Form.Json;

        // As text it would show other characters than the writer meant.
        return ContentTypes.HasOtherCharset(contentType) ? Form.Base64 : Form.Text;
    }

    private static ReadOnlySpan<byte> NameOf(Form form) => form switch
    {
        Form.Json => "json"u8,
        Form.Text => "text"u8,
        _ => "base64"u8,
    };
}
