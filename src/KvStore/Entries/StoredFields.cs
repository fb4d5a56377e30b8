using System.Buffers;

namespace KvStore;

/// <summary>
/// What the fields of a stored entry may be: the same as on input, so that no later code meets a value that no request could have
/// written. A right checksum only says that some program wrote the bytes.
/// </summary>
internal static class StoredFields
{
    /// <summary>The greatest revision: the greatest whole number that every reader of JSON can represent.</summary>
    public const long RevisionMax = (1L << 53) - 1;

    /// <summary>The most bytes of a value: twice what the settings allow, because an idempotency record may contain the largest value.</summary>
    public const int ValueBytesMax = 256 << 20;

    // EntryLayout has 56 bits for it, one of them the sign.
    private const long VersionMax = (1L << 55) - 1;

    private static readonly long FirstMillisecond = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    // The characters of a field value: visible ASCII, space and tab (RFC 9110, section 5.5). It becomes a header of responses.
    private static readonly SearchValues<byte> ContentTypeBytes = SearchValues.Create(
        "\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    /// <summary>Why a revision is not that of a commit; null if it can be.</summary>
    public static string? FindProblem(long revision) =>
        revision is < 1 or > RevisionMax ? $"its revision {revision} is out of range" : null;

    /// <summary>Why fields are not those of an entry, apart from its key; null if they can be.</summary>
    public static string? FindProblem(
        ReadOnlySpan<byte> contentType,
        long valueBytes,
        long createdRevision,
        long revision,
        long version,
        long modifiedAtMilliseconds,
        long expiresAtMilliseconds)
    {
        if (FindProblem(revision) is { } problem)
            return problem;
        if (createdRevision < 1 || createdRevision > revision)
            return $"it was written at revision {revision} but created at {createdRevision}";
        if (version is < 1 or > VersionMax)
            return $"its version {version} is out of range";
        if (!IsTime(modifiedAtMilliseconds) || (expiresAtMilliseconds != Entry.Never && !IsTime(expiresAtMilliseconds)))
            return "one of its times is out of range";
        if (!IsContentType(contentType))
            return "its content type is not valid";
        return valueBytes is < 0 or > ValueBytesMax ? $"its value has {valueBytes} bytes, and {ValueBytesMax} are the most" : null;
    }

    /// <summary>Whether bytes can be the content type of an entry.</summary>
    public static bool IsContentType(ReadOnlySpan<byte> contentType) =>
        contentType.Length <= Entry.ContentTypeLengthMax && !contentType.ContainsAnyExcept(ContentTypeBytes);

    /// <summary>Whether milliseconds since 1970-01-01 UTC are a time that can be shown.</summary>
    public static bool IsTime(long milliseconds) => milliseconds >= FirstMillisecond && milliseconds <= LastMillisecond;
}
