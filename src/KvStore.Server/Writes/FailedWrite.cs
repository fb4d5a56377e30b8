namespace KvStore.Server;

/// <summary>A write that failed above the store, as the problem that its request is answered with.</summary>
internal sealed record FailedWrite(Problem Problem) : Outcome.Other
{
    /// <summary>The revision of the state that it was decided by; null if none decided.</summary>
    public long? Revision { get; init; }
}
