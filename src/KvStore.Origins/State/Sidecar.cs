using System.Buffers.Binary;
using System.Text;

namespace KvStore.Origins;

/// <summary>What is known of a key.</summary>
internal enum SidecarKind : byte
{
    /// <summary>The entry was loaded, or was found to be valid still.</summary>
    Loaded = 1,

    /// <summary>The origin had nothing.</summary>
    Absent = 2,

    /// <summary>A client wrote or deleted the entry.</summary>
    Written = 3,

    /// <summary>Nothing: the key was invalidated, and has to be loaded.</summary>
    Invalid = 4,
}

/// <summary>
/// The record <c>\0origin/{key}</c>: what is known of a key at its origin. When it was last found valid is the record's own time of modification, and its revision tells which
/// invalidations are newer. It expires when nothing that it says can be of use any more, and no load that is older than it can be in progress.
/// </summary>
/// <param name="Kind">What is known.</param>
/// <param name="Age">How old the origin's answer was when it arrived.</param>
/// <param name="FreshFor">How long it is fresh from the time of the record.</param>
/// <param name="StaleWhileRevalidate">How long it may be served stale after that, while it is loaded.</param>
/// <param name="StaleIfError">How long it may be served stale after that, if loading it fails.</param>
/// <param name="ETag">The origin's ETag; null if it has none.</param>
/// <remarks>
/// As bytes, with numbers in little-endian: format, 1 (1); kind (1); age (4), fresh for (4), stale while revalidate (4) and stale if error (4), in milliseconds; the ETag
/// up to the end, in ASCII.
/// </remarks>
internal readonly record struct Sidecar(SidecarKind Kind, TimeSpan Age, TimeSpan FreshFor, TimeSpan StaleWhileRevalidate, TimeSpan StaleIfError, string? ETag)
{
    /// <summary>The longest duration that a record can have; settings are far below it.</summary>
    public static readonly TimeSpan DurationMax = TimeSpan.FromMilliseconds(uint.MaxValue);

    // A longer one is not kept: the key is then loaded without a condition.
    private const int ETagBytesMax = 1024;

    private const byte Format = 1;
    private const int HeadBytes = 2 + (4 * sizeof(uint));

    /// <summary>The record as bytes.</summary>
    public byte[] ToBytes()
    {
        var etag = ETag is { Length: <= ETagBytesMax } given && Ascii.IsValid(given) ? given : "";
        var bytes = new byte[HeadBytes + etag.Length];
        (bytes[0], bytes[1]) = (Format, (byte)Kind);
        WriteMilliseconds(bytes, 0, Age);
        WriteMilliseconds(bytes, 1, FreshFor);
        WriteMilliseconds(bytes, 2, StaleWhileRevalidate);
        WriteMilliseconds(bytes, 3, StaleIfError);
        Encoding.ASCII.GetBytes(etag, bytes.AsSpan(HeadBytes));
        return bytes;
    }

    /// <summary>Reads a record.</summary>
    /// <param name="bytes">The record.</param>
    /// <param name="withETag">Whether the ETag is needed, which only a load does.</param>
    /// <returns>Null if this version does not understand it. Then nothing is known of the key.</returns>
    public static Sidecar? TryRead(ReadOnlySpan<byte> bytes, bool withETag = true)
    {
        if (bytes.Length < HeadBytes || bytes[0] != Format || bytes[1] is < (byte)SidecarKind.Loaded or > (byte)SidecarKind.Invalid || !Ascii.IsValid(bytes[HeadBytes..]))
            return null;
        return new Sidecar(
            (SidecarKind)bytes[1],
            ReadMilliseconds(bytes, 0),
            ReadMilliseconds(bytes, 1),
            ReadMilliseconds(bytes, 2),
            ReadMilliseconds(bytes, 3),
            bytes.Length == HeadBytes || !withETag ? null : Encoding.ASCII.GetString(bytes[HeadBytes..]));
    }

    private static void WriteMilliseconds(Span<byte> bytes, int index, TimeSpan duration) => BinaryPrimitives.WriteUInt32LittleEndian(
        bytes[(2 + (index * sizeof(uint)))..], (uint)Math.Clamp(duration.TotalMilliseconds, 0, uint.MaxValue));

    private static TimeSpan ReadMilliseconds(ReadOnlySpan<byte> bytes, int index) =>
        TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 + (index * sizeof(uint)))..]));
}
