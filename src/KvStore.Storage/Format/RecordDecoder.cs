using System.Text;

namespace KvStore.Storage;

/// <summary>Decodes records into changes. Belongs to one thread.</summary>
internal sealed class RecordDecoder
{
    // Clients choose content types, so their number must be bounded.
    private const int ContentTypesMax = 1024;

    private readonly Dictionary<string, string> _contentTypes = [];
    private string _contentType = "";
    private byte[] _contentTypeUtf8 = [];

    /// <summary>Decodes a record; false if it is malformed although its checksum matches.</summary>
    public bool TryDecode(ReadOnlySpan<byte> payload, out RecordedChange change, out RecordFlags flags)
    {
        change = default;
        var fields = new Fields(payload);
        flags = (RecordFlags)fields.Byte();
        var revision = fields.Number();
        var keyBytes = fields.Length();
        if ((flags & ~RecordFlags.All) != 0 || keyBytes is < 1 or > EntryLayout.KeyBytesMax)
            return false;
        if (flags.HasFlag(RecordFlags.Delete))
        {
            var deleted = fields.Bytes(keyBytes);
            if (!fields.AreWhole || !fields.Rest.IsEmpty)
                return false;
            change = RecordedChange.Delete(deleted, revision, flags.HasFlag(RecordFlags.Expired));
            return true;
        }

        var createdRevision = revision - fields.Variable();
        var version = fields.Variable();
        var modifiedAt = fields.Number();
        var expiresAt = flags.HasFlag(RecordFlags.Expires) ? fields.Number() : Entry.Never;
        var contentTypeBytes = fields.Length();
        var key = fields.Bytes(keyBytes);
        var contentType = fields.Bytes(contentTypeBytes);
        if (!fields.AreWhole || version < 1 || contentType.Length > Entry.ContentTypeLengthMax || !Ascii.IsValid(contentType))
            return false;
        change = RecordedChange.Put(Entry.Create(key, fields.Rest, Intern(contentType), createdRevision, revision, version, modifiedAt, expiresAt));
        return true;
    }

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

        public long Variable()
        {
            var number = 0L;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var one = Byte();
                number |= (one & 0x7FL) << shift;
                if (one < 0x80)
                    break;
            }

            return number;
        }
    }
}
