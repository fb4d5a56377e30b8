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

    // Of the content type, the bytes are those of the one that was encoded last: most entries have the same as the one before.
    private int _contentTypeBytes;
    private ReadOnlyMemory<byte> _value;
    private string _contentType = "";
    private byte[] _contentTypeUtf8 = [];

    /// <summary>The size of the prepared record, with its header.</summary>
    public long RecordBytes => HeaderBytes + PayloadBytes;

    private long PayloadBytes => (long)_fieldBytes + _key.Length + _contentTypeBytes + _value.Length;

    /// <summary>Encodes the fields, so that the size of the record is known before it is written.</summary>
    /// <param name="revision">The revision of the commit.</param>
    /// <param name="key">The key.</param>
    /// <param name="current">The entry; null if there is none any more.</param>
    /// <param name="flags">The flags that do not follow from the entry.</param>
    /// <param name="suffix">With <see cref="RecordFlags.Extends"/>: what it adds to the value.</param>
    public void Prepare(long revision, Key key, Entry? current, RecordFlags flags, ReadOnlyMemory<byte> suffix = default)
    {
        (_key, _value, _contentTypeBytes, _fieldBytes) = (key, suffix, 0, 1);
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
        if ((flags & (RecordFlags.SameValue | RecordFlags.Extends)) != 0)
            return;
        _value = entry.Value;
        if (entry.ContentType != _contentType)
            (_contentType, _contentTypeUtf8) = (entry.ContentType, Encoding.UTF8.GetBytes(entry.ContentType));
        _contentTypeBytes = _contentTypeUtf8.Length;
        WriteVariable(_contentTypeBytes);
    }

    public void Write(WriteBuffer output, ulong salt)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, checked((int)PayloadBytes));
        var contentType = _contentTypeUtf8.AsSpan(0, _contentTypeBytes);

        var checksum = Checksum.Of(salt, output.Offset, header[..4]);
        checksum = Checksum.Add(checksum, _fields.AsSpan(0, _fieldBytes));
        checksum = Checksum.Add(checksum, _key.Utf8);
        checksum = Checksum.Add(checksum, contentType);
        checksum = Checksum.Add(checksum, _value.Span);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], checksum);

        output.Write(header);
        output.Write(_fields.AsSpan(0, _fieldBytes));
        output.Write(_key.Utf8);
        output.Write(contentType);
        output.Write(_value.Span);
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
