namespace KvStore.Storage;

/// <summary>Writes a snapshot to a file, throttled and in small steps, so that commits on the same disk do not wait for it.</summary>
internal sealed class CheckpointWriter(IDisk disk, DiskLogOptions options, StoreId store, TimeProvider time)
{
    /// <summary>The length of the totals at the end.</summary>
    public const int FooterBytes = RecordWriter.HeaderBytes + 2 * sizeof(long);

    /// <summary>Precedes the totals, in place of the length of a record.</summary>
    public const int FooterMark = -1;

    // The flush of a commit waits for what the disk is busy with; 1 MiB keeps it busy for a few milliseconds.
    private const int StepBytes = 1 << 20;

    private readonly WriteBuffer _buffer = new(StepBytes);
    private readonly RecordWriter _records = new();

    public static ReadOnlySpan<byte> Magic => "KvStorCp"u8;

    /// <summary>The least size of a checkpoint.</summary>
    public static long BytesMin(Snapshot snapshot) =>
        FileHeader.CurrentBytes + snapshot.Bytes + (snapshot.TotalCount * (long)RecordWriter.EntryBytesMin) + FooterBytes;

    /// <summary>Writes a checkpoint, makes it durable, and returns its size.</summary>
    public long Write(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var name = FileNames.Of(snapshot.Revision, FileNames.Checkpoint);
        long bytes;
        using (var file = disk.Create(name + FileNames.Unfinished))
        {
            bytes = WriteTo(file, snapshot, cancellationToken);

            // Flushed before the rename, because recovery takes a checkpoint that has its name for complete.
            file.Flush();
        }

        disk.Rename(name + FileNames.Unfinished, name);
        disk.FlushDirectory();
        return bytes;
    }

    private long WriteTo(IDiskFile file, Snapshot snapshot, CancellationToken cancellationToken)
    {
        // Reserved first, so that a checkpoint that the disk has no room for does not take what is left of it.
        var header = FileHeader.Create(store, snapshot.Revision);
        file.Reserve(0, BytesMin(snapshot));
        _buffer.Begin(file, 0);
        _buffer.Write(header.Encode(Magic));

        var throttle = new WriteThrottle(options.CheckpointBytesPerSecondMax, time);
        var flushed = 0L;
        foreach (var entry in snapshot.ScanAll())
        {
            _records.Prepare(entry.Revision, entry.Key, entry, RecordFlags.None);
            _records.Write(_buffer, header.Salt);
            if (_buffer.Offset - flushed < StepBytes)
                continue;
            _buffer.WriteToFile();
            file.Flush();
            flushed = _buffer.Offset;
            throttle.Delay(flushed, cancellationToken);
        }

        WriteFooter(header.Salt, snapshot);
        _buffer.WriteToFile();
        return _buffer.Offset;
    }

    private void WriteFooter(ulong salt, Snapshot snapshot)
    {
        Span<byte> footer = stackalloc byte[FooterBytes];
        BinaryPrimitives.WriteInt32LittleEndian(footer, FooterMark);
        BinaryPrimitives.WriteInt64LittleEndian(footer[8..], snapshot.TotalCount);
        BinaryPrimitives.WriteInt64LittleEndian(footer[16..], snapshot.Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[4..], FooterChecksum(salt, _buffer.Offset, footer));
        _buffer.Write(footer);
    }

    /// <summary>The checksum of the totals.</summary>
    public static uint FooterChecksum(ulong salt, long offset, ReadOnlySpan<byte> footer) =>
        Checksum.Add(Checksum.Of(salt, offset, footer[..4]), footer[8..]);
}
