namespace KvStore.Server;

/// <summary>A write that failed above the store, as the problem that its request is answered with.</summary>
internal sealed record FailedWrite(Problem Problem) : Outcome.Other;
