using System.Runtime.CompilerServices;

namespace KvStore.Storage;

/// <summary>Reads a segment frame by frame and checks every byte. Belongs to one thread.</summary>
internal sealed class SegmentReader
{
    private readonly RecordDecoder? _decoder;
    private readonly int _headerBytes;
    private readonly CommitSequence _commits = new();

    /// <summary>Reads the header of a segment.</summary>
    /// <param name="file">The segment; it remains the caller's.</param>
    /// <param name="firstRevision">The revision in its name.</param>
    /// <param name="decoder">Decodes the records; null if they are only checked.</param>
    /// <param name="progress">The load that this is a part of.</param>
    /// <exception cref="DiskLogException">The header is damaged.</exception>
    public SegmentReader(IDiskFile file, long firstRevision, RecordDecoder? decoder, LoadProgress progress)
    {
        Header = FileHeader.Read(file, SegmentFile.Magic, firstRevision);
        Bytes = new FileReader(file, progress.Advance);
        Offset = Header.Bytes;
        LastRevision = firstRevision - 1;
        _decoder = decoder;
        _headerBytes = FrameHeader.BytesIn(Header);
    }

    public FileHeader Header { get; }

    public FileReader Bytes { get; }

    /// <summary>The end of the last complete frame.</summary>
    public long Offset { get; private set; }

    /// <summary>The revision of the last complete frame.</summary>
    public long LastRevision { get; private set; }

    /// <summary>The durable offset of the last complete frame; 0 without one.</summary>
    public long DurableBytes { get; private set; }

    /// <summary>What the last complete frame is; null before the first one.</summary>
    public FrameKind? LastKind { get; private set; }

    /// <summary>Whether a later segment continues the log. No frame follows in this one.</summary>
    public bool IsSealed => LastKind == FrameKind.Seal;

    /// <summary>Whether the log was closed cleanly after the last complete frame. A marker in format 1 does not say so.</summary>
    public bool IsClosed => LastKind == FrameKind.End && Header.Format > 1;

    /// <summary>What is wrong after the last complete frame; null if only zeros follow.</summary>
    public Damage? Damage { get; private set; }

    /// <summary>Where the frame after the damaged one can begin at the earliest.</summary>
    public long NextOffset { get; private set; }

    /// <exception cref="DiskLogException">There is <see cref="Damage"/>.</exception>
    public void ThrowIfDamaged()
    {
        if (Damage is { } damage)
            throw DiskLogException.Damaged(Bytes.Path, damage.Offset, damage.Reason, Offset);
    }

    /// <summary>Reads the next frame; false at the end and at damage.</summary>
    /// <param name="changes">Receives the changes of the frame if the segment is decoded.</param>
    public bool TryReadFrame(List<RecordedChange> changes)
    {
        var body = Offset + _headerBytes;
        if (!Bytes.TryRead(Offset, _headerBytes, out var bytes) || !FrameHeader.TryRead(bytes, Header, Offset, out var frame))
        {
            NextOffset = Offset + 1;
            if (Bytes.SkipZeros(Offset) < Bytes.LengthBytes)
                Damage = new(Offset, "a frame's header does not match its checksum", Offset, EndOfSector(body));
            return false;
        }

        if (frame.FindProblem() is { } problem)
            return Reject(problem);
        var end = NextOffset = body + frame.BodyBytes;
        if (frame.PreviousRevision != LastRevision)
            return Reject($"a frame continues from revision {frame.PreviousRevision}, but the one before it ends at {LastRevision}");
        if (end > Bytes.LengthBytes)
        {
            Damage = new(Offset, "the file ends within a frame", Offset, end);
            return false;
        }

        if (IsSealed)
            return Reject("a frame follows the seal of the segment");
        var known = changes.Count;
        if (!TryReadRecords(frame, body, end, changes))
        {
            changes.RemoveRange(known, changes.Count - known);
            return false;
        }

        if (frame.Kind == FrameKind.Start && frame.LastRevision > LastRevision)
            changes.Add(RecordedChange.Gap(frame.LastRevision));
        (Offset, LastRevision) = (end, frame.LastRevision);
        (DurableBytes, LastKind) = (frame.DurableBytes, frame.Kind);
        return true;
    }

    // Optimized from its first call, as in RecordDecoder.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReadRecords(in FrameHeader frame, long offset, long end, List<RecordedChange> changes)
    {
        _commits.Begin(LastRevision);
        for (var i = 0; i < frame.Records; i++)
        {
            var place = new RecordPlace(Header.Revision, Offset, offset);
            if (RecordReader.Read(Bytes, Header.Salt, ref offset, end, out var payload) is { } damage)
            {
                Damage = SuspectOf(damage, frame, end);
                return false;
            }

            if (_decoder is null)
                continue;
            if ((_decoder.Decode(payload, Header.KnownFlags, place, out var change, out var flags) ?? _commits.Add(change, flags)) is { } problem)
                return Reject(RecordReader.Invalid(problem));
            changes.Add(change);
        }

        if (_decoder is not null && frame.Kind == FrameKind.Batch && (_commits.LastRevision != frame.LastRevision || !_commits.IsWhole))
            return Reject("a frame's records do not match its header");
        return offset == end || Reject("a frame is longer than its records");
    }

    // The header of a frame counts the sectors that were written as zeros. In format 1 it does not, so only the failed check's own
    // sectors are suspect: those of other records may have been written as zeros.
    private Damage SuspectOf(Damage damage, in FrameHeader frame, long end)
    {
        if (Header.Format > 1)
            return damage with { SuspectFrom = Offset, SuspectTo = end, ZeroSectors = frame.ZeroSectors };
        if (damage.SuspectTo < 0)
            return damage;
        var sector = damage.SuspectFrom - (damage.SuspectFrom % ZeroSectorCount.SectorBytes);
        return damage with { SuspectFrom = Math.Max(sector, Offset), SuspectTo = EndOfSector(damage.SuspectTo) };
    }

    // Whole sectors are lost. A file may end within one.
    private long EndOfSector(long offset) => offset > Bytes.LengthBytes ? offset : Math.Min(ZeroSectorCount.EndOfSector(offset), Bytes.LengthBytes);

    // No power cut explains this, so nothing is suspect.
    private bool Reject(string reason)
    {
        Damage = new(Offset, reason);
        return false;
    }
}
