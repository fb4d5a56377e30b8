using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace KvStore;

/// <summary>
/// Applies a JSON merge patch (RFC 7396) to a stored value: members of the patch replace, null removes, objects are merged.
/// Without an entry nothing happens.
/// </summary>
/// <remarks>
/// Numbers and the order of members stay as written; insignificant white space and escapes do not. Merging a value of a megabyte takes ten
/// milliseconds or more, so that of a large value is prepared before the transaction is submitted, against the entry of that moment. On the
/// log's thread the result is used if the entry still has the revision that it had, in this process or in another one that evaluates the same log.
/// </remarks>
public sealed class MergePatch : ReadModifyWrite
{
    /// <summary>The most bytes of value and patch that are merged on the log's thread. It takes about 40 microseconds, as long as a few writes.</summary>
    internal const int UnpreparedBytesMax = 4096;

    // Beyond it, a patch that cannot be prepared in time is rejected, instead of holding up the log's thread for longer than a flush.
    private const int AllowedBytesMax = 2 << 20;

    private const int DepthMax = 64;

    // What JsonDocument has of each token besides the text.
    private const int TokenBytes = 12;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = DepthMax };
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // U+FEFF, which some editors and shells write before UTF-8.
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly JsonElement _patch;
    private readonly int _patchBytes;
    private readonly long _heldBytes;
    private readonly int _valueBytesMax;

    // Set by the submitter before each submission, read by the log's thread during it.
    private volatile PreparedPatch? _prepared;
    private volatile bool _mayBeUnprepared;

    private MergePatch(Key key, JsonElement patch, int patchBytes, long heldBytes, int valueBytesMax, ExpiryUpdate expiry)
        : base(key, expiry) => (_patch, _patchBytes, _heldBytes, _valueBytesMax) = (patch, patchBytes, heldBytes, valueBytesMax);

    /// <summary>The patch as JSON, without white space around it.</summary>
    internal ReadOnlySpan<byte> Patch => JsonMarshal.GetRawUtf8Value(_patch);

    /// <summary>The most bytes that the patched value may have.</summary>
    internal int ValueBytesMax => _valueBytesMax;

    /// <summary>The result that is there before the evaluation, or null.</summary>
    internal PreparedPatch? Prepared => _prepared;

    /// <summary>Whether the log's thread may merge the patch into a large value too.</summary>
    internal bool MayBeUnprepared => _mayBeUnprepared;

    internal override long Bytes => base.Bytes + _heldBytes;

    internal override bool DependsOnState => true;

    // The result, and the buffer that it is written to before it is known how large it is.
    internal override TransactionCost CostIn(Snapshot latest)
    {
        if (latest.Find(Key) is not { } entry)
            return default;
        var bytes = (long)entry.ValueLength + _patchBytes;
        return new(2 * bytes, IsLargeIn(latest) && !_mayBeUnprepared ? bytes : bytes * TransactionCost.JsonWork, CarriedBytes: entry.ValueLength);
    }

    /// <summary>Whether the patch has to be prepared for the entry of a state.</summary>
    internal bool IsLargeIn(Snapshot latest) => latest.Find(Key) is { } entry && BytesWith(entry) > UnpreparedBytesMax;

    /// <summary>Merges the patch into the entry of a state. Not to be called while a transaction with this patch has no outcome.</summary>
    internal void Prepare(Snapshot latest) => _prepared = latest.Find(Key) is { } entry ? Merge(entry) : null;

    /// <summary>Uses a result that another process prepared.</summary>
    internal void Use(PreparedPatch prepared) => _prepared = prepared;

    /// <summary>Lets the log's thread merge the patch into a large value too, though not into any.</summary>
    internal void AllowUnprepared() => _mayBeUnprepared = true;

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
            var root = document.RootElement;
            if (!TryMerge(null, root, new ArrayBufferWriter<byte>()))
                return null;

            // Without white space around it, which is not kept: what a patch does must not depend on it.
            var patchBytes = JsonMarshal.GetRawUtf8Value(root).Length;
            return new MergePatch(key, root.Clone(), patchBytes, patchBytes + (TokenBytes * CountTokens(root)), valueBytesMax, expiry);
        }
    }

    private protected override RejectionReason? Evaluate(Entry? current, out EntryDraft? draft, out long number)
    {
        draft = null;
        number = 0;
        if (current is not { } entry)
            return null;
        var merged = _prepared is { } prepared && prepared.Revision == entry.Revision ? prepared
            : BytesWith(entry) <= (_mayBeUnprepared ? AllowedBytesMax : UnpreparedBytesMax) ? Merge(entry)
            : null;
        draft = merged?.Draft;
        return merged is null ? RejectionReason.Unprepared : merged.Reason;
    }

    private long BytesWith(Entry entry) => (long)entry.ValueLength + _patchBytes;

    private PreparedPatch Merge(Entry entry)
    {
        if (!TryParse(entry.Value, out var target))
            return new PreparedPatch(entry.Revision, null, RejectionReason.NotJson);
        using (target)
        {
            var output = new ArrayBufferWriter<byte>(entry.ValueLength + _patchBytes + 1);
            if (!TryMerge(target.RootElement, _patch, output))
                return new PreparedPatch(entry.Revision, null, RejectionReason.NotJson);
            return output.WrittenCount > _valueBytesMax
                ? new PreparedPatch(entry.Revision, null, RejectionReason.TooLarge)
                : new PreparedPatch(entry.Revision, MakeDraft(output.WrittenSpan, entry.ContentType, entry), null);
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

    private static long CountTokens(JsonElement element)
    {
        var tokens = 1L;
        if (element.ValueKind == JsonValueKind.Object)
        {
            tokens++;
            foreach (var member in element.EnumerateObject())
                tokens += 1 + CountTokens(member.Value);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            tokens++;
            foreach (var item in element.EnumerateArray())
                tokens += CountTokens(item);
        }

        return tokens;
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

/// <summary>What a <see cref="MergePatch"/> makes of an entry: another one, or a reason why it cannot.</summary>
/// <param name="Revision">The revision of the entry. It says which one, because no two entries of a key have the same.</param>
/// <param name="Draft">The other entry; null if there is a reason.</param>
/// <param name="Reason">The reason, or null.</param>
internal sealed record PreparedPatch(long Revision, EntryDraft? Draft, RejectionReason? Reason);
