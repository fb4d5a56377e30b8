using System.Buffers.Text;

namespace KvStore;

/// <summary>Adds to a 64-bit number that is stored as decimal text; an absent entry counts as 0.</summary>
/// <param name="key">The key.</param>
/// <param name="by">What is added; may be negative.</param>
/// <param name="expiry">What becomes of the entry's expiry.</param>
public sealed class Increment(Key key, long by, ExpiryUpdate expiry = default) : ReadModifyWrite(key, expiry)
{
    /// <summary>The media type that the number is stored with.</summary>
    public const string ContentType = "text/plain";

    /// <summary>What is added.</summary>
    internal long By => by;

    private protected override RejectionReason? Evaluate(Entry? current, out EntryDraft? draft, out long number)
    {
        draft = null;
        number = 0;
        var before = 0L;
        if (current is { } entry && !TryParse(entry.Value.Span, out before))
            return RejectionReason.NotANumber;
        number = unchecked(before + by);
        if (by < 0 ? number > before : number < before)
            return RejectionReason.Overflow;

        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out var length);
        draft = MakeDraft(text[..length], ContentType, current);
        return null;
    }

    // An optional minus sign and digits, and nothing else.
    private static bool TryParse(ReadOnlySpan<byte> value, out long number) =>
        Utf8Parser.TryParse(value, out number, out var consumed) && consumed == value.Length && value[0] != (byte)'+';
}
