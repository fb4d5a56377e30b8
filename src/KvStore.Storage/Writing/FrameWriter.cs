namespace KvStore.Storage;

/// <summary>Writes batches of commits as frames. Belongs to one thread.</summary>
internal sealed class FrameWriter
{
    // Most batches fit into one write; a larger one takes several.
    private const int BufferBytes = 1 << 20;

    private readonly WriteBuffer _buffer = new(BufferBytes);
    private readonly RecordWriter _records = new();

    /// <summary>The header of the commits' frame, with a durable offset of 0.</summary>
    public FrameHeader Measure(IReadOnlyList<Commit> commits, long previousRevision)
    {
        var (records, bytes) = (0, 0L);
        foreach (var commit in commits)
        {
            var count = RecordsOf(commit);
            for (var i = 0; i < count; i++)
            {
                Prepare(commit, i);
                bytes += _records.RecordBytes;
            }

            records = checked(records + count);
        }

        return new FrameHeader(records, bytes, previousRevision, commits[^1].Revision, 0);
    }

    public void Write(IDiskFile file, in FileHeader segment, long offset, in FrameHeader header, IReadOnlyList<Commit> commits)
    {
        // The header is written last, because the sectors of zeros are known only after the records.
        _buffer.Begin(file, offset, FrameHeader.Bytes);
        Span<byte> bytes = stackalloc byte[FrameHeader.Bytes];
        header.Write(bytes, segment, offset);
        _buffer.Write(bytes);
        foreach (var commit in commits)
        {
            var count = RecordsOf(commit);
            for (var i = 0; i < count; i++)
            {
                Prepare(commit, i);
                _records.Write(_buffer, segment.Salt);
            }
        }

        if (_buffer.ZeroSectors is > 0 and var zeroSectors)
        {
            var counted = header with { ZeroSectors = zeroSectors };
            counted.Write(_buffer.Head, segment, offset);
        }

        _buffer.WriteToFile();
    }

    private static int RecordsOf(Commit commit) => commit.Changes.Length + (commit.Deleted is null ? 0 : 1);

    // The first record is that of the deletion by prefix, if there is one.
    private void Prepare(Commit commit, int record)
    {
        var flags = record == RecordsOf(commit) - 1 ? RecordFlags.LastOfCommit : RecordFlags.None;
        if (commit.Deleted is { } deleted && record-- == 0)
            _records.Prepare(commit.Revision, deleted.Prefix, null, flags | RecordFlags.Prefix);
        else
            Prepare(commit.Revision, commit.Changes[record], flags);
    }

    private void Prepare(long revision, in EntryChange change, RecordFlags flags)
    {
        var suffix = ReadOnlyMemory<byte>.Empty;
        if (change.IsExpiry)
            flags |= RecordFlags.Expired;
        else if (change is { Previous: { } previous, Current: { } current } && KeepsValue(previous, current))
            flags |= RecordFlags.SameValue;
        else if (change.TryGetSuffix(out suffix))
            flags |= RecordFlags.Extends;
        _records.Prepare(revision, change.Key, change.Current, flags, suffix);
    }

    // The versions tell a start that it has found the right entry.
    private static bool KeepsValue(Entry previous, Entry current) =>
        current.Version == previous.Version + 1 && current.IsExpiryUpdateOf(previous);
}
