namespace KvStore.Storage;

/// <summary>Completes changes that keep or continue the value of the entry before them, with that entry.</summary>
internal sealed class DerivedChanges(IDisk disk)
{
    /// <summary>The entry after a change of any kind; null if it deletes it.</summary>
    /// <exception cref="DiskLogException">The change needs the entry before it, and what is there is not the one that it was made of.</exception>
    public Entry? Apply(Entry? before, RecordedChange change) =>
        change.IsDerived ? change.ApplyTo(before) ?? throw Missing(change) : change.Entry;

    /// <summary>Two changes of one key as one.</summary>
    /// <exception cref="DiskLogException">The later one needs the entry before it, and the earlier one does not make that.</exception>
    public RecordedChange Merge(RecordedChange earlier, RecordedChange later) =>
        !later.IsDerived ? later
        : earlier.IsDerived ? later.After(earlier) ?? throw Missing(later)
        : RecordedChange.Put(Apply(earlier.Entry, later)!.Value);

    // The frame is cut off by a repair, with everything after it.
    private DiskLogException Missing(RecordedChange change) => DiskLogException.Damaged(
        disk.PathOf(LogFiles.SegmentName(change.Place.Segment)),
        change.Place.Offset,
        RecordReader.Invalid("it keeps or continues the value of the entry before it, and that is missing"),
        change.Place.FrameOffset);
}
