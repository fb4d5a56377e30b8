namespace KvStore.Storage;

/// <summary>What a frame is: a batch, or one of the markers, which have no records. A marker's number stands in place of the number of records.</summary>
internal enum FrameKind
{
    /// <summary>The segment ends here, because a later one continues the log.</summary>
    Seal = -2,

    /// <summary>A process opened the log and continues at the last revision of the marker.</summary>
    Start = -1,

    /// <summary>The log was closed cleanly.</summary>
    End = 0,

    /// <summary>The records of one batch.</summary>
    Batch = 1,
}
