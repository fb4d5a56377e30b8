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
            var changes = commit.Changes;
            for (var i = 0; i < changes.Length; i++)
            {
                Prepare(commit.Revision, changes, i);
                bytes += _records.RecordBytes;
            }

            records = checked(records + changes.Length);
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
            var changes = commit.Changes;
            for (var i = 0; i < changes.Length; i++)
            {
                Prepare(commit.Revision, changes, i);
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

    private void Prepare(long revision, ReadOnlySpan<EntryChange> changes, int i)
    {
        ref readonly var change = ref changes[i];
        var flags = i == changes.Length - 1 ? RecordFlags.LastOfCommit : RecordFlags.None;
        if (change.IsExpiry)
            flags |= RecordFlags.Expired;
        else if (change is { Previous: { } previous, Current: { } current } && KeepsValue(previous, current))
            flags |= RecordFlags.SameValue;
        _records.Prepare(revision, change.Key, change.Current, flags);
    }

    // The versions tell a start that it has found the right entry.
    private static bool KeepsValue(Entry previous, Entry current) =>
        current.Version == previous.Version + 1 && current.IsExpiryUpdateOf(previous);
}
