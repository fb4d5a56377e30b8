namespace KvStore.Storage;

/// <summary>The disk space of a segment: how far it is reserved beyond the end of the log, and how far it was written before. Belongs to one thread.</summary>
/// <param name="file">The segment.</param>
/// <param name="aheadBytes">How much is reserved at a time if there is so much.</param>
internal sealed class ReservedSpace(IDiskFile file, long aheadBytes)
{
    /// <summary>
    /// How many zeros are written at a time. With 64 connections, 256 KiB and 1 MiB gave the same throughput (compare.sh --durable), and the flush that includes them
    /// takes the shorter the fewer they are.
    /// </summary>
    public const int ZerosBytes = 256 << 10;

    // What a file system marks as written at a time. Nothing depends on it but the number of its marks.
    private const int BlockBytes = 4096;

    private static readonly byte[] Zeros = new byte[ZerosBytes];

    // Up to where the file was written, frames and zeros.
    private long _writtenEnd;
    private bool _hasNoRoomForZeros;

    /// <summary>Where the reserved space ends.</summary>
    public long End { get; private set; } = file.LengthBytes;

    /// <summary>Reserves space up to an offset, and more if there is; false if there is not enough, and then none is taken.</summary>
    public bool TryReserve(long end) =>
        end <= End || TryReserveBytes(Math.Max(end - End, aheadBytes)) || TryReserveExactly(end);

    /// <summary>Reserves space up to an offset; false if there is not enough, and then none is taken.</summary>
    public bool TryReserveExactly(long end) => end <= End || TryReserveBytes(end - End);

    /// <summary>
    /// Writes zeros after a frame that has reached space that was only reserved, so that the next frames are written over blocks that were written before. The flush of a
    /// frame that is the first in its blocks makes the file system commit that they are in use now, which takes most of the time of another flush. Now one flush does that
    /// for many frames.
    /// </summary>
    /// <remarks>Reserved space reads as zeros anyway, so it makes no difference to what a start finds whether these zeros have reached the disk.</remarks>
    /// <param name="offset">Where the frame begins.</param>
    /// <param name="end">Where it ends.</param>
    public void ZeroAfter(long offset, long end)
    {
        if (end <= _writtenEnd)
            return;
        _writtenEnd = end;

        // Large frames need a mark for nearly every block anyway, and zeros before them would double what is written.
        var zeros = Math.Min(End, (end + ZerosBytes) / BlockBytes * BlockBytes) - end;
        if (_hasNoRoomForZeros || end - offset > ZerosBytes / 2 || zeros < ZerosBytes / 2)
            return;
        try
        {
            file.Write(Zeros.AsSpan(0, (int)zeros), end);
            _writtenEnd = end + zeros;
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            // Nothing was really reserved: the file system cannot. Frames need what is left.
            _hasNoRoomForZeros = true;
            Release(end);
        }
    }

    /// <summary>Releases the space after an offset.</summary>
    public void Release(long end)
    {
        file.Truncate(end);
        (End, _writtenEnd) = (end, Math.Min(_writtenEnd, end));
    }

    private bool TryReserveBytes(long bytes)
    {
        try
        {
            file.Reserve(End, bytes);
        }
        catch (DiskLogException exception) when (exception.IsNoSpace)
        {
            // A part of it may be reserved now, and others need it more.
            file.Truncate(End);
            return false;
        }
        catch (DiskLogException)
        {
            // Without a reservation the write finds out whether there is space, and whether the disk works. The end still moves, because
            // nothing that is written may lie after it: the file is cut there.
        }

        End += bytes;
        return true;
    }
}
