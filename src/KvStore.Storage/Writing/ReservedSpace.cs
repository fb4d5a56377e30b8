namespace KvStore.Storage;

/// <summary>The disk space of a segment: how far it is reserved beyond the end of the log. Belongs to one thread.</summary>
/// <param name="file">The segment.</param>
/// <param name="aheadBytes">How much is reserved at a time if there is so much.</param>
internal sealed class ReservedSpace(IDiskFile file, long aheadBytes)
{
    /// <summary>Where the reserved space ends.</summary>
    public long End { get; private set; } = file.LengthBytes;

    /// <summary>Reserves space up to an offset, and more if there is; false if there is not enough, and then none is taken.</summary>
    public bool TryReserve(long end) =>
        end <= End || TryReserveBytes(Math.Max(end - End, aheadBytes)) || TryReserveExactly(end);

    /// <summary>Reserves space up to an offset; false if there is not enough, and then none is taken.</summary>
    public bool TryReserveExactly(long end) => end <= End || TryReserveBytes(end - End);

    /// <summary>Releases the space after an offset.</summary>
    public void Release(long end)
    {
        file.Truncate(end);
        End = end;
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
