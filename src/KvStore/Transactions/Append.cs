using System.Globalization;
using System.Text;

namespace KvStore;

/// <summary>
/// Stores a value under a new key: the prefix, and the revision of the commit in 19 digits. So the keys below a prefix are in the
/// order in which they were committed, and none comes twice.
/// </summary>
/// <param name="prefix">What the key starts with.</param>
/// <param name="value">The value. The store owns it from now on.</param>
/// <param name="contentType">The value's media type, printable ASCII of at most 256 characters.</param>
/// <param name="expiresAt">When the entry is to be deleted, or null.</param>
public sealed class Append(Key prefix, ReadOnlyMemory<byte> value, string contentType, DateTimeOffset? expiresAt = null) : Operation(prefix)
{
    /// <summary>The most bytes that the key has beyond its prefix.</summary>
    public const int SuffixBytesMax = 19 + 1 + 10;

    internal override bool IsExclusive => true;

    internal override long Bytes => base.Bytes + value.Length + contentType.Length;

    internal override Rejection? Evaluate(in EvaluationContext context, List<EntryChange> changes)
    {
        var draft = new EntryDraft(FreeKey(context), value.Length, contentType, expiresAt);
        value.CopyTo(draft.Value);
        changes.Add(context.Replace(null, draft));
        return null;
    }

    // Somebody may have put an entry where the next one is to be.
    private Key FreeKey(in EvaluationContext context)
    {
        var name = context.Revision.ToString("D19", CultureInfo.InvariantCulture);
        for (var i = 0; ; i++)
        {
            var suffix = i == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
            var key = Key.FromStored([.. Key.Utf8, .. Encoding.ASCII.GetBytes(suffix)]);
            if (context.Builder.Find(key) is null)
                return key;
        }
    }
}
