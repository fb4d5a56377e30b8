namespace KvStore.Origins;

/// <summary>Something that an operator may want to know of an origin.</summary>
/// <param name="Kind">What.</param>
/// <param name="Message">The same for an operator, in one sentence or two, without secrets.</param>
/// <param name="Exception">The exception behind it; null if there is none.</param>
public sealed record OriginEvent(OriginEventKind Kind, string Message, Exception? Exception = null);

/// <summary>What happened to an origin.</summary>
public enum OriginEventKind
{
    /// <summary>The origin failed so often that it is not called for a while.</summary>
    BreakerOpened,

    /// <summary>The origin answers again.</summary>
    BreakerClosed,

    /// <summary>The origin asks for fewer calls, and gets none for a while.</summary>
    Paused,

    /// <summary>The journal cannot be written. Reported once, until it can be again.</summary>
    JournalFailed,

    /// <summary>The journal is written again.</summary>
    JournalRecovered,

    /// <summary>A write that the origin has yet to get is not delivered any more, until its key is written again or someone asks for it.</summary>
    Parked,

    /// <summary>The database is not listened to. Reported once, until it is again.</summary>
    NotificationsLost,

    /// <summary>The database is listened to.</summary>
    NotificationsReceived,

    /// <summary>Code of this process failed in a load: a bug. The load has failed; others are not affected.</summary>
    Faulted,
}
