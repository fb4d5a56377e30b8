namespace KvStore.Storage;

/// <summary>Reads a segment frame by frame and checks everything. Belongs to one thread.</summary>
internal sealed class SegmentReader
{
    private readonly RecordDecoder? _decoder;

    /// <summary>Reads a segment's header.</summary>
    /// <param name="file">The segment; it stays the caller's.</param>
    /// <param name="firstRevision">The revision that it is named by.</param>
    /// <param name="decoder">What makes entries, or null if the segment is only to be checked.</param>
    /// <exception cref="DiskLogException">The header is damaged.</exception>
    public SegmentReader(IDiskFile file, long firstRevision, RecordDecoder? decoder)
    {
        Header = FileHeader.Read(file, SegmentWriter.Magic, firstRevision);
        Bytes = new FileReader(file);
        LastRevision = firstRevision - 1;
        _decoder = decoder;
    }

    /// <summary>The segment's header.</summary>
    public FileHeader Header { get; }

    /// <summary>The segment's bytes.</summary>
    public FileReader Bytes { get; }

    /// <summary>Behind the last frame that was read.</summary>
    public long Offset { get; private set; } = FileHeader.Bytes;

    /// <summary>The last revision that was read.</summary>
    public long LastRevision { get; private set; }

    /// <summary>How much of the segment was on the disk when the last frame that was read was written.</summary>
    public long DurableBytes { get; private set; } = FileHeader.Bytes;

    /// <summary>Whether the last frame that was read holds no commit.</summary>
    public bool EndsWithMarker { get; private set; }

    /// <summary>What is wrong behind the last frame; null when there is nothing but zeros.</summary>
    public Damage? Damage { get; private set; }

    /// <summary>Reads the next frame; false at the end and at damage.</summary>
    /// <param name="changes">Where its changes are added, if the segment is decoded.</param>
    public bool TryReadFrame(List<RecordedChange> changes)
    {
        if (!Bytes.TryRead(Offset, FrameHeader.Bytes, out var bytes) || !FrameHeader.TryRead(bytes, Header.Salt, Offset, out var frame))
        {
            if (Bytes.SkipZeros(Offset) < Bytes.LengthBytes)
                Damage = new(Offset, "a frame's header does not match its checksum", Offset, Offset + FrameHeader.Bytes);
            return false;
        }

        if (frame.PreviousRevision != LastRevision)
            return Refuse($"a frame continues from revision {frame.PreviousRevision}, but the one before it ends at {LastRevision}");
        var end = Offset + FrameHeader.Bytes + frame.BodyBytes;
        if (end > Bytes.LengthBytes)
        {
            Damage = new(Offset, "the file ends within a frame", Offset, end);
            return false;
        }

        var known = changes.Count;
        if (!TryReadRecords(frame, Offset + FrameHeader.Bytes, end, changes))
        {
            changes.RemoveRange(known, changes.Count - known);
            return false;
        }

        (Offset, LastRevision) = (end, frame.LastRevision);
        (DurableBytes, EndsWithMarker) = (frame.DurableBytes, frame.Records == 0);
        return true;
    }

    private bool TryReadRecords(in FrameHeader frame, long offset, long end, List<RecordedChange> changes)
    {
        var (last, isWhole) = (LastRevision, true);
        for (var i = 0; i < frame.Records; i++)
        {
            Damage = RecordReader.Read(Bytes, Header.Salt, ref offset, end, out var payload);
            if (Damage is not null)
                return false;
            if (_decoder is null)
                continue;
            if (!_decoder.TryDecode(payload, out var change, out var flags) || !(isWhole ? change.Revision > last : change.Revision == last))
                return Refuse("a record's checksum is right, but it makes no sense; it may be of a later program");
            changes.Add(change);
            (last, isWhole) = (change.Revision, flags.HasFlag(RecordFlags.LastOfCommit));
        }

        if (_decoder is not null && (last != frame.LastRevision || !isWhole))
            return Refuse("a frame's records are not those that its header tells of");
        return offset == end || Refuse("a frame is longer than its records");
    }

    // Wrong in a way that no power cut explains: nothing is suspected to be missing.
    private bool Refuse(string reason)
    {
        Damage = new(Offset, reason, Offset, Offset);
        return false;
    }
}
