using System.Buffers.Text;

namespace KvStore;

/// <summary>Adds to a number of 64 bits that is stored as decimal text; an absent one counts as 0.</summary>
/// <param name="key">The key.</param>
/// <param name="by">What is added.</param>
/// <param name="expiry">What becomes of the entry's lifetime.</param>
public sealed class Increment(Key key, long by, ExpiryUpdate expiry = default) : ReadModifyWrite(key, expiry)
{
    private const string ContentType = "text/plain";

    /// <summary>The number that an entry's value stands for: an optional minus sign and digits, and nothing else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out long number) =>
        Utf8Parser.TryParse(value, out number, out var consumed) && consumed == value.Length && value[0] != (byte)'+';

    private protected override RejectionReason? Evaluate(Entry? present, out EntryDraft? draft)
    {
        draft = null;
        var before = 0L;
        if (present is { } entry && !TryRead(entry.Value.Span, out before))
            return RejectionReason.NotANumber;
        var after = unchecked(before + by);
        if (by < 0 ? after > before : after < before)
            return RejectionReason.Overflow;

        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(after, text, out var length);
        draft = DraftOf(text[..length], ContentType, present);
        return null;
    }
}
