using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace KvStore;

/// <summary>
/// Applies a JSON merge patch (RFC 7396) to a stored value: members of the patch replace, null removes, objects are merged.
/// Without an entry nothing happens.
/// </summary>
/// <remarks>Numbers and the order of members stay as written; insignificant white space and escapes do not.</remarks>
public sealed class MergePatch : ReadModifyWrite
{
    private const int DepthMax = 64;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = DepthMax };
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // U+FEFF, which some editors and shells write before UTF-8.
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly JsonElement _patch;
    private readonly int _patchBytes;
    private readonly int _valueBytesMax;

    private MergePatch(Key key, JsonElement patch, int patchBytes, int valueBytesMax, ExpiryUpdate expiry)
        : base(key, expiry) => (_patch, _patchBytes, _valueBytesMax) = (patch, patchBytes, valueBytesMax);

    internal override long Bytes => base.Bytes + _patchBytes;

    /// <summary>Parses a patch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="patch">The text; it is copied.</param>
    /// <param name="valueBytesMax">The most bytes that the patched value may have (<see cref="RejectionReason.TooLarge"/>).</param>
    /// <param name="expiry">What becomes of the entry's expiry.</param>
    /// <returns>The patch; null when the text is not JSON of at most 64 levels.</returns>
    public static MergePatch? TryCreate(Key key, ReadOnlyMemory<byte> patch, int valueBytesMax, ExpiryUpdate expiry)
    {
        if (!TryParse(patch, out var document))
            return null;
        using (document)
        {
            // Written once here, so that it cannot fail on the log's thread.
            return TryMerge(null, document.RootElement, new ArrayBufferWriter<byte>()) ? new MergePatch(key, document.RootElement.Clone(), patch.Length, valueBytesMax, expiry) : null;
        }
    }

    private protected override RejectionReason? Evaluate(Entry? current, out EntryDraft? draft, out long number)
    {
        draft = null;
        number = 0;
        if (current is not { } entry)
            return null;
        if (!TryParse(entry.Value, out var target))
            return RejectionReason.NotJson;
        using (target)
        {
            var merged = new ArrayBufferWriter<byte>(entry.Value.Length + _patchBytes + 1);
            if (!TryMerge(target.RootElement, _patch, merged))
                return RejectionReason.NotJson;
            if (merged.WrittenCount > _valueBytesMax)
                return RejectionReason.TooLarge;
            draft = MakeDraft(merged.WrittenSpan, entry.ContentType, current);
            return null;
        }
    }

    private static bool TryMerge(JsonElement? target, JsonElement patch, ArrayBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Writing);
        try
        {
            Merge(target, patch, json);
            json.Flush();
            return true;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate is valid JSON, but not valid text.
            return false;
        }
    }

    private static void Merge(JsonElement? target, JsonElement patch, Utf8JsonWriter json)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(json);
            return;
        }

        // By name, each once: of a repeated name most readers see the last value, at the place of the first. A linear search for each
        // member would block the log's thread for minutes on a large value.
        var members = new OrderedDictionary<string, (JsonElement? Before, JsonElement? Change)>(StringComparer.Ordinal);
        if (target is { ValueKind: JsonValueKind.Object } before)
        {
            foreach (var member in before.EnumerateObject())
                members[member.Name] = (member.Value, null);
        }

        foreach (var member in patch.EnumerateObject())
            members[member.Name] = (members.GetValueOrDefault(member.Name).Before, member.Value);

        json.WriteStartObject();
        foreach (var (name, (value, change)) in members)
        {
            if (change is { ValueKind: JsonValueKind.Null })
                continue;
            json.WritePropertyName(name);
            if (change is { } given)
                Merge(value, given, json);
            else
                value!.Value.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static bool TryParse(ReadOnlyMemory<byte> utf8, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (utf8.Span.StartsWith(ByteOrderMark))
            utf8 = utf8[ByteOrderMark.Length..];
        if (!Utf8.IsValid(utf8.Span))
            return false;
        try
        {
            document = JsonDocument.Parse(utf8, Reading);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
