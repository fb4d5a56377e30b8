namespace KvStore.Storage;

/// <summary>Reads a checkpoint and checks every byte.</summary>
internal static class CheckpointReader
{
    private const int GroupEntries = 4096;

    /// <summary>The entries in key order, in groups. The last group is returned only after the totals were checked.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="revision">The revision in its name.</param>
    /// <param name="store">The store of the directory.</param>
    /// <param name="advance">Called with the number of bytes that were read.</param>
    /// <exception cref="DiskLogException">The checkpoint is damaged.</exception>
    public static IEnumerable<List<Entry>> Read(IDiskFile file, long revision, StoreIdentity store, Action<long> advance)
    {
        var header = FileHeader.Read(file, CheckpointWriter.Magic, revision);
        store.Check(file.Path, header);
        var salt = header.Salt;
        var bytes = new FileReader(file, advance);
        var decoder = new RecordDecoder();
        var group = new List<Entry>(GroupEntries);
        var (entries, entryBytes) = (0L, 0L);
        Entry? previous = null;
        var offset = (long)header.Bytes;
        while (!IsFooter(bytes, offset))
        {
            var entry = ReadEntry(bytes, salt, ref offset, decoder, previous, revision);
            previous = entry;
            group.Add(entry);
            entries++;
            entryBytes += entry.Bytes;
            if (group.Count < GroupEntries)
                continue;
            yield return group;
            group = new List<Entry>(GroupEntries);
        }

        CheckFooter(bytes, salt, offset, entries, entryBytes);
        yield return group;
    }

    private static bool IsFooter(FileReader bytes, long offset) =>
        offset + CheckpointWriter.FooterBytes == bytes.LengthBytes &&
        bytes.TryRead(offset, sizeof(int), out var mark) && BinaryPrimitives.ReadInt32LittleEndian(mark) == CheckpointWriter.FooterMark;

    private static Entry ReadEntry(FileReader bytes, ulong salt, ref long offset, RecordDecoder decoder, Entry? previous, long revision)
    {
        var start = offset;
        if (RecordReader.Read(bytes, salt, ref offset, bytes.LengthBytes - CheckpointWriter.FooterBytes, out var payload) is { } damage)
            throw DiskLogException.Damaged(bytes.Path, damage.Offset, damage.Reason);
        var problem = decoder.Decode(payload, RecordFlags.Format2, default, out var change, out _);
        if (problem is null && change.Entry is { } entry)
        {
            problem = entry.Revision > revision ? $"it was written at revision {entry.Revision}, after that of the checkpoint"
                : previous?.KeyUtf8.SequenceCompareTo(entry.KeyUtf8) >= 0 ? "its key does not follow the one before it"
                : null;
            if (problem is null)
                return entry;
        }

        throw DiskLogException.Damaged(bytes.Path, start, RecordReader.Invalid(problem ?? "it is not an entry"));
    }

    private static void CheckFooter(FileReader bytes, ulong salt, long offset, long entries, long entryBytes)
    {
        if (!bytes.TryRead(offset, CheckpointWriter.FooterBytes, out var footer) ||
            BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) != CheckpointWriter.FooterChecksum(salt, offset, footer) ||
            BinaryPrimitives.ReadInt64LittleEndian(footer[8..]) != entries ||
            BinaryPrimitives.ReadInt64LittleEndian(footer[16..]) != entryBytes)
            throw DiskLogException.Damaged(bytes.Path, offset, "the totals at the end are wrong");
    }
}
