using System.Text;

namespace KvStore.Storage;

/// <summary>Encodes changes as records, one at a time; see docs/storage-format.md. Belongs to one thread.</summary>
internal sealed class RecordWriter
{
    /// <summary>The length and the checksum before a record.</summary>
    public const int HeaderBytes = 8;

    /// <summary>The least size of the record of an entry, without its key and value.</summary>
    public const int EntryBytesMin = HeaderBytes + 1 + (2 * sizeof(long)) + 4;

    // The flags, three numbers of eight bytes, and four varints of at most ten.
    private readonly byte[] _fields = new byte[72];
    private int _fieldBytes;
    private Key _key;

    // Whose value the record has; null without one.
    private Entry? _entry;

    // Most entries have the same content type as the one before.
    private string _contentType = "";
    private byte[] _contentTypeUtf8 = [];

    /// <summary>The size of the prepared record, with its header.</summary>
    public long RecordBytes => HeaderBytes + PayloadBytes;

    private long PayloadBytes => (long)_fieldBytes + _key.Length + (_entry is null ? 0 : _contentTypeUtf8.Length + _entry.Value.Value.Length);

    /// <summary>Encodes the fields, so that the size of the record is known before it is written.</summary>
    public void Prepare(long revision, Key key, Entry? current, RecordFlags flags)
    {
        var hasValue = (flags & RecordFlags.SameValue) == 0;
        (_key, _entry, _fieldBytes) = (key, hasValue ? current : null, 1);
        WriteNumber(revision);
        WriteVariable(key.Length);
        if (current is not { } entry)
        {
            _fields[0] = (byte)(flags | RecordFlags.Delete);
            return;
        }

        WriteVariable(revision - entry.CreatedRevision);
        WriteVariable(entry.Version);
        WriteNumber(entry.ModifiedAtMilliseconds);
        if (entry.ExpiresAtMilliseconds != Entry.Never)
        {
            flags |= RecordFlags.Expires;
            WriteNumber(entry.ExpiresAtMilliseconds);
        }

        _fields[0] = (byte)flags;
        if (!hasValue)
            return;
        if (entry.ContentType != _contentType)
            (_contentType, _contentTypeUtf8) = (entry.ContentType, Encoding.UTF8.GetBytes(entry.ContentType));
        WriteVariable(_contentTypeUtf8.Length);
    }

    public void Write(WriteBuffer output, ulong salt)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, checked((int)PayloadBytes));
        var value = _entry is null ? default : _entry.Value.Value.Span;
        var contentType = _entry is null ? default : _contentTypeUtf8;

        var checksum = Checksum.Of(salt, output.Offset, header[..4]);
        checksum = Checksum.Add(checksum, _fields.AsSpan(0, _fieldBytes));
        checksum = Checksum.Add(checksum, _key.Utf8);
        checksum = Checksum.Add(checksum, contentType);
        checksum = Checksum.Add(checksum, value);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], checksum);

        output.Write(header);
        output.Write(_fields.AsSpan(0, _fieldBytes));
        output.Write(_key.Utf8);
        output.Write(contentType);
        output.Write(value);
    }

    private void WriteNumber(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_fields.AsSpan(_fieldBytes), number);
        _fieldBytes += sizeof(long);
    }

    // Seven bits per byte, lowest first; the highest bit is set if another byte follows.
    private void WriteVariable(long number)
    {
        var rest = (ulong)number;
        for (; rest >= 0x80; rest >>= 7)
            _fields[_fieldBytes++] = (byte)(rest | 0x80);
        _fields[_fieldBytes++] = (byte)rest;
    }
}
