namespace KvStore.Storage;

/// <summary>
/// Counts the sectors of consecutive bytes of a file that are zeros. Of a sector that the bytes cover in part, that part counts.
/// A sector that a power cut lost reads as zeros, so a frame that has more of them than were written is torn.
/// </summary>
internal struct ZeroSectorCount(long offset)
{
    /// <summary>The most that every disk writes as a whole or not at all.</summary>
    public const int SectorBytes = 512;

    private long _offset = offset;
    private long _whole;
    private bool _isBegun;
    private bool _isZero;

    public readonly long Value => _isBegun && _isZero ? _whole + 1 : _whole;

    /// <summary>The end of the sector that contains the byte before an offset.</summary>
    public static long EndOfSector(long offset) => (offset + SectorBytes - 1) / SectorBytes * SectorBytes;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var part = bytes[..(int)Math.Min(bytes.Length, SectorBytes - (_offset % SectorBytes))];
            _isZero = (_isZero || !_isBegun) && !part.ContainsAnyExcept((byte)0);
            _isBegun = true;
            _offset += part.Length;
            bytes = bytes[part.Length..];
            if (_offset % SectorBytes != 0)
                continue;
            _whole = Value;
            _isBegun = false;
        }
    }
}
