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
    private long _offset;
    private int _count;
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

    /// <summary>Starts at an offset of a file and discards what was not written. Without a file, nothing is written.</summary>
    public void Begin(IDiskFile? file, long offset) => (_file, _offset, _count, _written) = (file, offset, 0, new(offset));

    /// <summary>The first collected bytes, to be replaced before they are written.</summary>
    public Span<byte> First(int bytes) => _bytes.AsSpan(0, bytes);

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
        if (_count > 0)
            WriteToFile(_count);
    }

    // A sector that two writes of one frame share could be on the disk by half after a power cut, and then not read as zeros.
    private void WriteSectors() => WriteToFile(_count - (int)(Offset % ZeroSectorCount.SectorBytes));

    private void WriteToFile(int count)
    {
        var bytes = _bytes.AsSpan(0, count);
        _written.Add(bytes);
        _file?.Write(bytes, _offset);
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
