using System.Globalization;

namespace KvStore;

/// <summary>
/// Stores a value under a new key: the prefix, followed by the revision of the commit in 19 digits. Keys below a
/// prefix are therefore unique and sort in commit order.
/// </summary>
/// <param name="prefix">What the key starts with.</param>
/// <param name="value">The value. The store owns it from now on.</param>
/// <param name="contentType">The value's media type, printable ASCII of at most 256 characters.</param>
/// <param name="expiresAt">When the entry expires, or null.</param>
public sealed class Append(Key prefix, ReadOnlyMemory<byte> value, string contentType, DateTimeOffset? expiresAt = null) : Operation(prefix)
{
    /// <summary>The most bytes that the key has beyond its prefix.</summary>
    public const int SuffixBytesMax = 19 + 1 + 10;

    /// <summary>The value.</summary>
    internal ReadOnlyMemory<byte> Value => value;

    /// <summary>The value's media type.</summary>
    internal string ContentType => contentType;

    /// <summary>When the entry expires, in milliseconds since 1970-01-01 UTC, or <see cref="Entry.Never"/>.</summary>
    internal long ExpiresAtMilliseconds => expiresAt is { } at ? Entry.MillisecondsNotBefore(at) : Entry.Never;

    internal override bool IsExclusive => true;

    internal override long Bytes => base.Bytes + value.Length + contentType.Length;

    // The value is copied behind the key, which is not known before.
    internal override long AllocatedBytes => Bytes + SuffixBytesMax;

    /// <summary>The key that a commit stored the value under.</summary>
    /// <param name="revision">The commit's revision.</param>
    /// <param name="number">The result's <see cref="OperationResult.Number"/>: how many keys of that revision had an entry already.</param>
    public Key KeyAt(long revision, long number)
    {
        var suffix = number == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{revision:D19}")
            : string.Create(CultureInfo.InvariantCulture, $"{revision:D19}-{number}");
        return Key.FromStored([.. Key.Utf8, .. Encoding.ASCII.GetBytes(suffix)]);
    }

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes, out OperationResult result)
    {
        result = default;
        if (contentType == Entry.MergeableContentType)
            return new Rejection(RejectionReason.MergeableValue, null);

        // A client may have stored an entry under the very key that is next.
        var number = 0L;
        var key = KeyAt(context.Revision, number);
        while (context.Find(key) is not null)
            key = KeyAt(context.Revision, ++number);

        var draft = new EntryDraft(key, value.Length, contentType, expiresAt);
        value.CopyTo(draft.Value);
        changes.Add(context.Replace(null, draft));
        result = OperationResult.Of(existed: false, number);
        return null;
    }
}
