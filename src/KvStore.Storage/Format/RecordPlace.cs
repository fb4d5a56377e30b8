namespace KvStore.Storage;

/// <summary>Where a record is.</summary>
/// <param name="Segment">The first revision of the segment.</param>
/// <param name="FrameOffset">Where its frame begins.</param>
/// <param name="Offset">Where it begins.</param>
internal readonly record struct RecordPlace(long Segment, long FrameOffset, long Offset);
