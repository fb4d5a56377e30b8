namespace KvStore.Storage;

/// <summary>Creates the files of segments.</summary>
internal static class SegmentFile
{
    public static ReadOnlySpan<byte> Magic => "KvStorSg"u8;

    /// <summary>Creates a durable segment without frames. The caller disposes of the file.</summary>
    /// <param name="disk">The directory.</param>
    /// <param name="store">The store of the directory.</param>
    /// <param name="firstRevision">The first revision that the segment may contain.</param>
    /// <param name="reserveBytes">Bytes of disk space to reserve after the header.</param>
    /// <param name="header">The header of the segment.</param>
    /// <param name="failure">Why it could not be created.</param>
    /// <returns>The file; null if it could not be created. Then the directory is as before.</returns>
    /// <exception cref="DiskLogException">It is unknown whether there is a segment now.</exception>
    public static IDiskFile? TryCreate(IDisk disk, StoreId store, long firstRevision, long reserveBytes, out FileHeader header, out DiskLogException? failure)
    {
        // Named only when it is complete, so that a segment without a valid header is always damage.
        var name = FileNames.Of(firstRevision, FileNames.Segment);
        header = FileHeader.Create(store, firstRevision);
        failure = null;
        IDiskFile? file = null;
        try
        {
            file = disk.Create(name + FileNames.Unfinished);
            file.Reserve(0, FileHeader.CurrentBytes + reserveBytes);
            file.Write(header.Encode(Magic), 0);
            file.Flush();
            disk.Rename(name + FileNames.Unfinished, name);
        }
        catch (DiskLogException exception)
        {
            failure = exception;
            file?.Dispose();
            TryDelete(disk, name + FileNames.Unfinished);
            return null;
        }

        try
        {
            disk.FlushDirectory();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void TryDelete(IDisk disk, string name)
    {
        try
        {
            disk.Delete(name);
        }
        catch (DiskLogException)
        {
            // It may never have been created. If it was, the next attempt empties it, or the next start deletes it.
        }
    }
}
