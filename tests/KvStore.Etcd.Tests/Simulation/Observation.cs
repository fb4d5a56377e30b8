namespace KvStore.Etcd.Tests;

/// <summary>What a client of the simulation asked for, and what it was answered.</summary>
/// <param name="Id">Names it: a transaction has this as its mark.</param>
/// <param name="Transaction">The transaction; null for a read.</param>
/// <param name="InvokedAt">When it was submitted, in the order of all such moments.</param>
internal sealed record Observation(string Id, Transaction? Transaction, long InvokedAt)
{
    /// <summary>When its answer had come.</summary>
    public long ReturnedAt { get; init; } = long.MaxValue;

    /// <summary>The answer; null if the replica died before it was given, and for a read.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>What was read; null if the read failed, and for a transaction.</summary>
    public Snapshot? Read { get; init; }

    /// <summary>The replica that was asked.</summary>
    public int Replica { get; init; }

    /// <summary>The revision of the answer; null if there is none.</summary>
    public long? Revision => Outcome switch
    {
        Outcome.Committed committed => committed.Revision,
        Outcome.GuardsFailed failed => failed.Revision,
        Outcome.Rejected rejected => rejected.Revision,
        Outcome.Replayed replayed => replayed.Revision,
        Outcome.IdempotencyKeyReused reused => reused.Revision,
        _ => Read?.Revision,
    };

    /// <summary>Whether it has a commit of its own.</summary>
    public bool HasCommit => Outcome is Outcome.Committed { Commit: not null };

    /// <summary>Everything of an outcome, as text.</summary>
    public static string Describe(Outcome outcome) => outcome switch
    {
        Outcome.Committed committed => $"committed at {committed.Revision}: {Describe(committed.Changes)}; {Describe(committed.Results)}",
        Outcome.GuardsFailed failed => $"guards failed at {failed.Revision}: {string.Join(", ", failed.Failed.Select(guard => $"{guard.Guard.Key} {States.Describe(guard.Current)}"))}",
        Outcome.Rejected rejected => $"rejected at {rejected.Revision}: {rejected.Reason} {States.Describe(rejected.Current)}",
        Outcome.Replayed replayed => $"replayed at {replayed.Revision}: {Describe(replayed.Original)}",
        _ => $"{outcome}",
    };

    public override string ToString() =>
        $"{InvokedAt}-{(ReturnedAt == long.MaxValue ? "" : ReturnedAt)} {Id} at replica {Replica}: {(Transaction is null ? $"read {Read?.Revision}" : Outcome is null ? "no answer" : Describe(Outcome))}";

    private static string Describe(ReadOnlySpan<EntryChange> changes)
    {
        var texts = new List<string>();
        foreach (var change in changes)
            texts.Add($"{States.Describe(change.Previous)} -> {States.Describe(change.Current)}");
        return string.Join(", ", texts);
    }

    private static string Describe(ReadOnlySpan<OperationResult> results)
    {
        var texts = new List<string>();
        foreach (var result in results)
            texts.Add($"{result.Existed} {result.Number} {States.Describe(result.Entry)}");
        return string.Join(", ", texts);
    }
}
