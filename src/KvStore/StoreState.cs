namespace KvStore;

/// <summary>The life of a store. It only moves down this list.</summary>
public enum StoreState
{
    /// <summary>Not started.</summary>
    Created,

    /// <summary>Started; the log is loading its base image. Neither reads nor writes are served.</summary>
    Loading,

    /// <summary>Reads and writes are served.</summary>
    Running,

    /// <summary>No write is admitted any more; admitted ones are being committed. Reads are served.</summary>
    Stopping,

    /// <summary>Every admitted write has its outcome.</summary>
    Stopped,

    /// <summary>A bug or a broken log ended the owner loop. No write is admitted. The process should end.</summary>
    Failed,
}
