using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>The layout of an entry in its array.</summary>
/// <remarks>
/// <code>
///  0  created revision
///  8  revision; zero until the entry is stamped
/// 16  milliseconds since 1970 of the last write (50 bits: the range of DateTimeOffset), length of the key (14)
/// 24  version (56 bits), whether the entry expires (1), the content type's number, or zero (7)
/// 32  key
///     milliseconds since 1970 of the expiry, if it expires (8 bytes)
///     length (2 bytes) and ASCII text of the content type, if it has no number
///     value, to the end
/// </code>
/// The key comes first because the index compares it, and so has the same offset in all entries.
/// The layout is private to the process: it is neither stored nor sent.
/// </remarks>
internal static class EntryLayout
{
    /// <summary>The offset of the key.</summary>
    public const int KeyStart = 32;

    /// <summary>The longest key of an entry, in bytes.</summary>
    public const int KeyBytesMax = (1 << KeyLengthBits) - 1;

    private const int RevisionAt = 8;
    private const int ModifiedAt = 16;
    private const int VersionAt = 24;
    private const int KeyLengthBits = 14;
    private const int TraitBits = 8;
    private const long TraitsMask = (1 << TraitBits) - 1;
    private const long Expires = 0x80;
    private const long ContentTypeMask = 0x7F;

    /// <summary>Creates the array of an entry that is not stamped, with room for the value.</summary>
    /// <exception cref="ArgumentException">The key, the content type or the size of the value is not valid for an entry.</exception>
    public static byte[] Create(ReadOnlySpan<byte> key, int valueBytes, string contentType, long expiresAtMilliseconds)
    {
        if (key.IsEmpty)
            throw new ArgumentException("No entry has the empty key.", nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, KeyBytesMax, nameof(key));
        ArgumentOutOfRangeException.ThrowIfNegative(valueBytes);
        var number = ContentTypeTable.NumberOf(contentType);
        if (number == 0 && (contentType.Length > Entry.ContentTypeLengthMax || !Ascii.IsValid(contentType)))
            throw new ArgumentException($"A content type is ASCII text of at most {Entry.ContentTypeLengthMax} characters.", nameof(contentType));

        var expires = expiresAtMilliseconds != Entry.Never;
        var valueStart = KeyStart + key.Length + (expires ? sizeof(long) : 0) + (number == 0 ? sizeof(ushort) + contentType.Length : 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueBytes, Array.MaxLength - valueStart);

        // Not cleared: this method writes everything before the value, and the caller writes the value.
        var encoded = GC.AllocateUninitializedArray<byte>(valueStart + valueBytes);
        Write(encoded, 0, 0);
        Write(encoded, RevisionAt, 0);
        Write(encoded, ModifiedAt, key.Length);
        Write(encoded, VersionAt, (expires ? Expires : 0) | (long)number);
        key.CopyTo(encoded.AsSpan(KeyStart));
        if (expires)
            Write(encoded, KeyStart + key.Length, expiresAtMilliseconds);
        if (number == 0)
            WriteContentType(encoded.AsSpan(valueStart - sizeof(ushort) - contentType.Length), contentType);
        return encoded;
    }

    /// <summary>Writes the fields that only the commit knows.</summary>
    public static void Stamp(byte[] encoded, long createdRevision, long revision, long version, long modifiedAtMilliseconds)
    {
        Write(encoded, 0, createdRevision);
        Write(encoded, RevisionAt, revision);
        Write(encoded, ModifiedAt, (modifiedAtMilliseconds << KeyLengthBits) | (uint)KeyLength(encoded));
        Write(encoded, VersionAt, (version << TraitBits) | Traits(encoded));
    }

    /// <summary>Replaces the expiry of an entry that is not stamped.</summary>
    /// <exception cref="InvalidOperationException">The entry has no expiry.</exception>
    public static void SetExpiry(byte[] encoded, long expiresAtMilliseconds)
    {
        if (!HasExpiry(encoded))
            throw new InvalidOperationException("The entry has no expiry to replace.");
        Write(encoded, KeyStart + KeyLength(encoded), expiresAtMilliseconds);
    }

    public static long CreatedRevision(byte[] encoded) => ReadFixed(encoded, 0);

    public static long Revision(byte[] encoded) => ReadFixed(encoded, RevisionAt);

    public static long Version(byte[] encoded) => ReadFixed(encoded, VersionAt) >> TraitBits;

    public static long ModifiedAtMilliseconds(byte[] encoded) => ReadFixed(encoded, ModifiedAt) >> KeyLengthBits;

    public static int KeyLength(byte[] encoded) => (int)ReadFixed(encoded, ModifiedAt) & KeyBytesMax;

    public static ReadOnlySpan<byte> Key(byte[] encoded) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(encoded), KeyStart), KeyLength(encoded));

    public static bool HasExpiry(byte[] encoded) => (Traits(encoded) & Expires) != 0;

    public static long ExpiresAtMilliseconds(byte[] encoded) =>
        HasExpiry(encoded) ? Read(encoded, KeyStart + KeyLength(encoded)) : Entry.Never;

    public static bool IsMergeable(byte[] encoded) => (Traits(encoded) & ContentTypeMask) == ContentTypeTable.Mergeable;

    public static string ContentType(byte[] encoded)
    {
        var number = (int)(Traits(encoded) & ContentTypeMask);
        if (number != 0)
            return ContentTypeTable.TextOf(number);
        var start = ContentTypeStart(encoded);
        return ContentTypeTable.TextOf(encoded.AsSpan(start + sizeof(ushort), ContentTypeLength(encoded, start)));
    }

    public static int ValueStart(byte[] encoded)
    {
        var start = ContentTypeStart(encoded);
        return (Traits(encoded) & ContentTypeMask) != 0 ? start : start + sizeof(ushort) + ContentTypeLength(encoded, start);
    }

    private static int ContentTypeStart(byte[] encoded) =>
        KeyStart + KeyLength(encoded) + (HasExpiry(encoded) ? sizeof(long) : 0);

    private static int ContentTypeLength(byte[] encoded, int start) => BinaryPrimitives.ReadUInt16LittleEndian(encoded.AsSpan(start));

    private static void WriteContentType(Span<byte> target, string contentType)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)contentType.Length);
        Ascii.FromUtf16(contentType, target[sizeof(ushort)..], out _);
    }

    private static long Traits(byte[] encoded) => ReadFixed(encoded, VersionAt) & TraitsMask;

    // Without a check of bounds, because the index reads keys in its innermost loop: every array of an entry has the fields before the key.
    private static long ReadFixed(byte[] encoded, int at)
    {
        var number = Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(encoded), at));
        return BitConverter.IsLittleEndian ? number : BinaryPrimitives.ReverseEndianness(number);
    }

    private static long Read(byte[] encoded, int at) => BinaryPrimitives.ReadInt64LittleEndian(encoded.AsSpan(at));

    private static void Write(byte[] encoded, int at, long number) => BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(at), number);
}
