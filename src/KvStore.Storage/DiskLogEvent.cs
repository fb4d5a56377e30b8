namespace KvStore.Storage;

/// <summary>What happened in a log that an operator may want to know.</summary>
public enum DiskLogEventKind
{
    /// <summary>Loading is done. Informational.</summary>
    Loaded,

    /// <summary>A write that a crash had cut short was removed. A warning, though nothing acknowledged was in it.</summary>
    TailCut,

    /// <summary>A checkpoint was written. Informational.</summary>
    CheckpointWritten,

    /// <summary>A checkpoint failed; the state before it is still whole. A warning.</summary>
    CheckpointFailed,

    /// <summary>Writes are refused because the disk is full. A warning; told once until a write succeeds again.</summary>
    NoSpace,

    /// <summary>Writes succeed again. Informational.</summary>
    SpaceAgain,

    /// <summary>The log takes no writes any more. An error; somebody must act.</summary>
    Closed,
}

/// <summary>An event, for a log line.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Message">Whole sentences that name the files and say what to do, if anything.</param>
public sealed record DiskLogEvent(DiskLogEventKind Kind, string Message);
