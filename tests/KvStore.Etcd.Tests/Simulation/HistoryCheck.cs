namespace KvStore.Etcd.Tests;

/// <summary>
/// Decides whether what the clients of a simulation saw is linearizable. The order that proves it is known, so nothing has to be searched: it is
/// that of revisions, and of the oracle's evaluations. Every answer must be what the oracle has there, and the order must agree with time.
/// </summary>
internal static class HistoryCheck
{
    /// <returns>What is wrong, each with the operations that show it.</returns>
    public static List<string> FindMistakes(IReadOnlyList<Observation> history, Oracle oracle)
    {
        var mistakes = new List<string>(oracle.Mistakes);
        mistakes.AddRange(history.Select(operation => operation.Transaction is null ? FindInRead(operation, oracle) : FindInTransaction(operation, oracle)).OfType<string>());
        mistakes.AddRange(FindBackward(history));
        mistakes.AddRange(FindRepeated(history, oracle));
        return mistakes;
    }

    private static string? FindInRead(Observation read, Oracle oracle)
    {
        if (read.Read is not { } seen)
            return null;
        var truth = oracle.At(seen.Revision) is { } state ? States.Describe(state) : "nothing: there is no such revision";
        return States.Describe(seen) == truth ? null : $"{read}: it saw\n{States.Describe(seen)}\ninstead of\n{truth}";
    }

    private static string? FindInTransaction(Observation operation, Oracle oracle)
    {
        // A patch that has to be prepared again is submitted again by the store.
        var evaluations = oracle.EvaluationsOf(operation.Id).Where(outcome => outcome is not Outcome.Rejected { Reason: RejectionReason.Unprepared }).ToArray();
        var known = evaluations.Select(Observation.Describe).ToArray();
        var isRight = operation.Outcome switch
        {
            null or Outcome.Unknown => evaluations.Length <= 1,
            Outcome.NotApplied => evaluations.Length == 0 || known is [var only] && only == Observation.Describe(operation.Outcome),
            _ => known is [var only] && only == Observation.Describe(operation.Outcome),
        };
        return isRight ? null : $"{operation}; but it was evaluated {evaluations.Length} times: {string.Join("\n", known)}";
    }

    // What was invoked after an answer had come is at no earlier revision, and at a later one if it has a commit of its own.
    private static IEnumerable<string> FindBackward(IReadOnlyList<Observation> history)
    {
        var returned = history.Where(operation => operation.Revision is not null).OrderBy(operation => operation.ReturnedAt).ToArray();
        Observation? latest = null;
        var next = 0;
        foreach (var operation in history.Where(operation => operation.Revision is not null).OrderBy(operation => operation.InvokedAt))
        {
            for (; next < returned.Length && returned[next].ReturnedAt < operation.InvokedAt; next++)
            {
                if (latest is null || returned[next].Revision > latest.Revision)
                    latest = returned[next];
            }

            if (latest is not null && (operation.HasCommit ? operation.Revision <= latest.Revision : operation.Revision < latest.Revision))
                yield return $"Revisions went back: {latest}\nthen {operation}";
        }
    }

    // Of attempts with one idempotency key, one at most changes anything; exactly one, if one was acknowledged.
    private static IEnumerable<string> FindRepeated(IReadOnlyList<Observation> history, Oracle oracle)
    {
        foreach (var attempts in history.Where(operation => operation.Transaction?.Idempotency is not null).GroupBy(operation => operation.Transaction!.Idempotency!.RecordKey))
        {
            var committed = attempts.SelectMany(attempt => oracle.EvaluationsOf(attempt.Id)).Count(outcome => outcome is Outcome.Committed { Commit: not null });
            if (committed > 1 || (committed == 0 && attempts.Any(attempt => attempt.Outcome is Outcome.Replayed || attempt.HasCommit)))
                yield return $"Committed {committed} times:\n{string.Join("\n", attempts)}";
        }
    }
}
