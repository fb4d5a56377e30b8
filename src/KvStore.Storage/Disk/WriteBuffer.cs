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

    /// <summary>The offset in the file of the next byte.</summary>
    public long Offset => _offset + _count;

    /// <summary>Starts at an offset of a file and discards what was not written.</summary>
    public void Begin(IDiskFile file, long offset) => (_file, _offset, _count) = (file, offset, 0);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _bytes.Length - _count)
            Grow(_count + (long)bytes.Length);
        if (bytes.Length > _bytes.Length - _count)
        {
            WriteToFile();
            if (bytes.Length > _bytes.Length)
            {
                _file!.Write(bytes, _offset);
                _offset += bytes.Length;
                return;
            }
        }

        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <summary>Writes the collected bytes to the file.</summary>
    public void WriteToFile()
    {
        if (_count > 0)
            _file!.Write(_bytes.AsSpan(0, _count), _offset);
        _offset += _count;
        _count = 0;
    }

    private void Grow(long wantedBytes)
    {
        if (_bytes.Length < capacityBytes)
            Array.Resize(ref _bytes, (int)Math.Min(capacityBytes, Math.Max(wantedBytes, 2L * _bytes.Length)));
    }
}
