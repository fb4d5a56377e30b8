namespace KvStore.Storage;

/// <summary>
/// Collects bytes for a file and writes them in large pieces, so that a frame or a checkpoint may be larger than memory. Belongs
/// to one thread.
/// </summary>
internal sealed class WriteBuffer(int capacityBytes)
{
    private const int FirstCapacityBytes = 1 << 14;

    private byte[] _bytes = new byte[Math.Min(FirstCapacityBytes, capacityBytes)];
    private IDiskFile? _file;
    private long _begin;
    private long _offset;
    private int _count;

    // The first bytes, once others are written. They are written last.
    private byte[] _head = [];
    private int _headBytes;
    private ZeroSectorCount _written;

    /// <summary>The offset in the file of the next byte.</summary>
    public long Offset => _offset + _count;

    /// <summary>The sectors of zeros since the beginning.</summary>
    public long ZeroSectors
    {
        get
        {
            var all = _written;
            all.Add(_bytes.AsSpan(0, _count));
            return all.Value;
        }
    }

    /// <summary>Starts at an offset of a file and discards what was not written.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where the first byte goes.</param>
    /// <param name="headBytes">How many bytes, with the rest of their last sector, are written after all others.</param>
    public void Begin(IDiskFile file, long offset, int headBytes = 0)
    {
        (_file, _begin, _offset, _count, _written) = (file, offset, offset, 0, new(offset));
        _headBytes = headBytes == 0 ? 0 : (int)(ZeroSectorCount.EndOfSector(offset + headBytes) - offset);
    }

    /// <summary>The head, to be replaced before it is written.</summary>
    public Span<byte> Head => _offset > _begin ? _head : _bytes;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - _count)
            Grow(_count + (long)bytes.Length);
        while (bytes.Length > _bytes.Length - _count)
        {
            var part = bytes[..(_bytes.Length - _count)];
            part.CopyTo(_bytes.AsSpan(_count));
            _count += part.Length;
            bytes = bytes[part.Length..];
            WriteSectors();
        }

        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <summary>Writes the collected bytes to the file.</summary>
    public void WriteToFile()
    {
        var isInPieces = _offset > _begin;
        if (_count > 0)
            WriteToFile(_count, 0);
        if (isInPieces && _headBytes > 0)
            _file!.Write(_head.AsSpan(0, _headBytes), _begin);
    }

    // A sector that two writes of one frame share could be on the disk by half after a power cut, and then not read as zeros.
    private void WriteSectors()
    {
        var held = _offset == _begin ? _headBytes : 0;
        if (held > 0)
            _head = _bytes[..held];
        WriteToFile(_count - (int)(Offset % ZeroSectorCount.SectorBytes), held);
    }

    private void WriteToFile(int count, int held)
    {
        var bytes = _bytes.AsSpan(0, count);
        _written.Add(bytes);
        _file!.Write(bytes[held..], _offset + held);
        _offset += count;
        _bytes.AsSpan(count, _count - count).CopyTo(_bytes);
        _count -= count;
    }

    private void Grow(long wantedBytes)
    {
        if (_bytes.Length < capacityBytes)
            Array.Resize(ref _bytes, (int)Math.Min(capacityBytes, Math.Max(wantedBytes, 2L * _bytes.Length)));
    }
}
