namespace KvStore.Storage;

/// <summary>Completes changes that keep the value of the entry before them, with that entry.</summary>
internal sealed class SameValueChanges(IDisk disk)
{
    /// <summary>The entry after a change of any kind; null if it deletes it.</summary>
    /// <exception cref="DiskLogException">The change keeps a value, and the entry before it is not the one that had it.</exception>
    public Entry? Apply(Entry? before, RecordedChange change) =>
        change.IsSameValue ? change.ApplyTo(before) ?? throw Missing(change) : change.Entry;

    /// <summary>Two changes of one key as one.</summary>
    /// <exception cref="DiskLogException">The later one keeps a value, and the earlier one is not the one before it.</exception>
    public RecordedChange Merge(RecordedChange earlier, RecordedChange later) =>
        !later.IsSameValue ? later
        : earlier.IsSameValue ? later.After(earlier) ?? throw Missing(later)
        : RecordedChange.Put(Apply(earlier.Entry, later)!.Value);

    // The frame is cut off by a repair, with everything after it.
    private DiskLogException Missing(RecordedChange change) => DiskLogException.Damaged(
        disk.PathOf(LogFiles.SegmentName(change.Place.Segment)),
        change.Place.Offset,
        RecordReader.Invalid("it keeps the value of the entry before it, and that is missing"),
        change.Place.FrameOffset);
}
