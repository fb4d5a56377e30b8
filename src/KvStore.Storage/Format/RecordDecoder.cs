using System.Runtime.CompilerServices;
using System.Text;

namespace KvStore.Storage;

/// <summary>Decodes records into changes. Belongs to one thread.</summary>
/// <remarks>
/// The methods of each record are optimized from their first call: most of a start would be over before the runtime had counted enough calls.
/// </remarks>
internal sealed class RecordDecoder
{
    // Clients choose content types, so their number must be bounded.
    private const int ContentTypesMax = 1024;

    private const RecordFlags Derived = RecordFlags.SameValue | RecordFlags.Extends;

    private const string NotWhole = "its fields do not fill it";

    private readonly Dictionary<string, string> _contentTypes = [];
    private string _contentType = "";
    private byte[] _contentTypeUtf8 = [];

    /// <summary>Decodes a record and checks its fields as on input.</summary>
    /// <param name="payload">The record without its length and checksum.</param>
    /// <param name="known">The flags that the file may have.</param>
    /// <param name="place">Where the record is.</param>
    /// <param name="change">The change.</param>
    /// <param name="flags">The flags of the record.</param>
    /// <returns>Why the record is invalid although its checksum matches; null if it is valid.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public string? Decode(ReadOnlySpan<byte> payload, RecordFlags known, in RecordPlace place, out RecordedChange change, out RecordFlags flags)
    {
        change = default;
        var fields = new Fields(payload);
        flags = (RecordFlags)fields.Byte();
        if ((flags & ~known) != 0)
            return "it has a flag that its format does not have; a later program may have written it";
        var revision = fields.Number();
        var keyBytes = fields.Length();
        return flags.HasFlag(RecordFlags.Delete)
            ? DecodeDelete(fields, keyBytes, revision, flags, out change)
            : flags.HasFlag(RecordFlags.Prefix) ? NotWhole
            : (flags & Derived) != 0 ? DecodeDerived(fields, keyBytes, revision, flags, place, out change)
            : DecodePut(fields, keyBytes, revision, flags, out change);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? DecodeDelete(Fields fields, int keyBytes, long revision, RecordFlags flags, out RecordedChange change)
    {
        change = default;
        var key = fields.Bytes(keyBytes);
        if (!fields.AreWhole || !fields.Rest.IsEmpty || (flags & Derived) != 0)
            return NotWhole;
        var isPrefix = flags.HasFlag(RecordFlags.Prefix);
        if (isPrefix && flags.HasFlag(RecordFlags.Expired))
            return NotWhole;
        if (((isPrefix ? FindPrefixProblem(key) : FindKeyProblem(key)) ?? StoredFields.FindProblem(revision)) is { } problem)
            return problem;
        change = isPrefix ? RecordedChange.DeletePrefix(key, revision) : RecordedChange.Delete(key, revision, flags.HasFlag(RecordFlags.Expired));
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? DecodeDerived(Fields fields, int keyBytes, long revision, RecordFlags flags, in RecordPlace place, out RecordedChange change)
    {
        change = default;
        var createdRevision = revision - fields.Variable();
        var version = fields.Variable();
        var modifiedAt = fields.Number();
        var expiresAt = flags.HasFlag(RecordFlags.Expires) ? fields.Number() : Entry.Never;
        var key = fields.Bytes(keyBytes);
        if (!fields.AreWhole || fields.Rest.IsEmpty != flags.HasFlag(RecordFlags.SameValue) || (flags & Derived) == Derived || flags.HasFlag(RecordFlags.Expired))
            return NotWhole;
        var problem = FindKeyProblem(key) ?? StoredFields.FindProblem([], fields.Rest.Length, createdRevision, revision, version, modifiedAt, expiresAt) ??
            (version == 1 ? "it is the first of its entry, and has no value before it" : null);
        if (problem is null)
            change = RecordedChange.Derived(key, createdRevision, revision, version, modifiedAt, expiresAt, place, fields.Rest);
        return problem;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? DecodePut(Fields fields, int keyBytes, long revision, RecordFlags flags, out RecordedChange change)
    {
        change = default;
        var createdRevision = revision - fields.Variable();
        var version = fields.Variable();
        var modifiedAt = fields.Number();
        var expiresAt = flags.HasFlag(RecordFlags.Expires) ? fields.Number() : Entry.Never;
        var contentTypeBytes = fields.Length();
        var key = fields.Bytes(keyBytes);
        var contentType = fields.Bytes(contentTypeBytes);
        if (!fields.AreWhole || flags.HasFlag(RecordFlags.Expired))
            return NotWhole;

        // Most records have the content type of the one before, which was checked.
        var newContentType = contentType.SequenceEqual(_contentTypeUtf8) ? default : contentType;
        var problem = FindKeyProblem(key) ??
            StoredFields.FindProblem(newContentType, fields.Rest.Length, createdRevision, revision, version, modifiedAt, expiresAt);
        if (problem is not null)
            return problem;
        if (ReservedRecords.FindProblem(key, fields.Rest) is { } record)
            return $"it is stored {record}";
        change = RecordedChange.Put(Entry.Create(key, fields.Rest, Intern(contentType), createdRevision, revision, version, modifiedAt, expiresAt));
        return null;
    }

    private static string? FindKeyProblem(ReadOnlySpan<byte> key) =>
        Key.Check(key, EntryLayout.KeyBytesMax) is not KeyProblem.None and var problem && ReservedKeys.KindOf(key) == ReservedKind.None ? $"its key is not valid ({problem})" : null;

    // A prefix may end in what would be a dot segment if it were a key. The store's own records are not deleted by prefix.
    private static string? FindPrefixProblem(ReadOnlySpan<byte> prefix) =>
        Key.Check(prefix, EntryLayout.KeyBytesMax) is not (KeyProblem.None or KeyProblem.DotSegment) and var problem ? $"its prefix is not valid ({problem})" : null;

    private string Intern(ReadOnlySpan<byte> utf8)
    {
        if (utf8.SequenceEqual(_contentTypeUtf8))
            return _contentType;
        var contentType = Encoding.UTF8.GetString(utf8);
        if (_contentTypes.TryGetValue(contentType, out var known))
            contentType = known;
        else if (_contentTypes.Count < ContentTypesMax)
            _contentTypes.Add(contentType, contentType);
        (_contentType, _contentTypeUtf8) = (contentType, utf8.ToArray());
        return contentType;
    }

    // Reads field after field. The first read beyond the end clears AreWhole; every later one yields zero.
    private ref struct Fields(ReadOnlySpan<byte> payload)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = payload;

        public bool AreWhole { get; private set; } = true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ReadOnlySpan<byte> Bytes(int count)
        {
            if ((uint)count > (uint)Rest.Length)
            {
                AreWhole = false;
                Rest = default;
                return default;
            }

            var bytes = Rest[..count];
            Rest = Rest[count..];
            return bytes;
        }

        public byte Byte() => Bytes(1) is [var one] ? one : (byte)0;

        public long Number() => Bytes(sizeof(long)) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

        public int Length() => Variable() is >= 0 and <= int.MaxValue and var length ? (int)length : -1;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public long Variable()
        {
            var number = 0L;
            for (var shift = 0; shift < 63; shift += 7)
            {
                var one = Byte();
                number |= (one & 0x7FL) << shift;
                if (one < 0x80)
                    return number;
            }

            // More than 63 bits: no field has so large a number.
            AreWhole = false;
            return 0;
        }
    }
}
