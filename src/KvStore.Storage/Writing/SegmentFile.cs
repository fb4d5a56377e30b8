namespace KvStore.Storage;

/// <summary>Creates the files of segments.</summary>
internal static class SegmentFile
{
    public static ReadOnlySpan<byte> Magic => "KvStorSg"u8;

    /// <summary>Creates a durable segment without frames. The caller disposes of the file.</summary>
    public static IDiskFile Create(IDisk disk, StoreId store, long firstRevision, out FileHeader header)
    {
        // Named only when it is complete, so that a segment without a valid header is always damage.
        var name = FileNames.Of(firstRevision, FileNames.Segment);
        header = FileHeader.Create(store, firstRevision);
        var file = disk.Create(name + FileNames.Unfinished);
        try
        {
            file.Reserve(0, FileHeader.CurrentBytes);
            file.Write(header.Encode(Magic), 0);
            file.Flush();
            disk.Rename(name + FileNames.Unfinished, name);
            disk.FlushDirectory();
            return file;
        }
        catch (DiskLogException exception)
        {
            file.Dispose();
            if (exception.IsNoSpace)
                disk.Delete(name + FileNames.Unfinished);
            throw;
        }
    }
}
