namespace KvStore.Storage;

/// <summary>The kinds of events that concern an operator.</summary>
public enum DiskLogEventKind
{
    /// <summary>The log is loaded. Informational.</summary>
    Loaded,

    /// <summary>A torn tail was cut off. A warning, although nothing acknowledged is lost.</summary>
    TailCut,

    /// <summary>A checkpoint was written. Informational.</summary>
    CheckpointWritten,

    /// <summary>A checkpoint failed; the previous files are intact. A warning.</summary>
    CheckpointFailed,

    /// <summary>No new segment could be created, and the last one grows beyond its limit. A warning, once until a roll succeeds again.</summary>
    RollFailed,

    /// <summary>The disk is full and writes are rejected. A warning, once until a write succeeds again.</summary>
    NoSpace,

    /// <summary>Writes succeed again. Informational.</summary>
    SpaceAgain,

    /// <summary>The log rejects all writes until a restart. An error.</summary>
    Closed,
}

/// <summary>An event, for a log line.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Message">Whole sentences that name the files and, if something is to be done, say what.</param>
public sealed record DiskLogEvent(DiskLogEventKind Kind, string Message);
