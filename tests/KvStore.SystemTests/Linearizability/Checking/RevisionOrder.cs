namespace KvStore.SystemTests;

/// <summary>
/// The revisions of answers, over all keys: an operation that was invoked after an answer had come is at no earlier revision, and one that changed something at a later one.
/// So is one that was sent behind another over the same connection, before that was answered: HTTP has a write carried out before what comes behind it (RFC 9112, section 9.3.2).
/// </summary>
internal static class RevisionOrder
{
    /// <param name="history">The operations; those of a client in the order in which it sent them.</param>
    /// <returns>Two operations that went backwards; null if there are none.</returns>
    public static string? FindBackward(IReadOnlyList<Operation> history)
    {
        foreach (var client in history.Where(operation => !operation.IsLost).GroupBy(operation => operation.Client))
        {
            foreach (var (operation, behind) in client.Zip(client.Skip(1)))
            {
                if (IsBackward(operation, behind))
                    return Tell(operation, behind);
            }
        }

        var returned = history.Where(operation => !operation.IsLost).OrderBy(operation => operation.ReturnedAt).GetEnumerator();
        Operation? latest = null;
        var more = returned.MoveNext();
        foreach (var operation in history.Where(operation => !operation.IsLost).OrderBy(operation => operation.InvokedAt))
        {
            for (; more && returned.Current.ReturnedAt < operation.InvokedAt; more = returned.MoveNext())
            {
                if (latest is null || returned.Current.Answer!.Revision > latest.Answer!.Revision)
                    latest = returned.Current;
            }

            if (latest is not null && IsBackward(latest, operation))
                return Tell(latest, operation);
        }

        return null;
    }

    private static bool IsBackward(Operation sooner, Operation later)
    {
        var (met, answer) = (sooner.Answer!.Revision, later.Answer!);
        return later.Call.HasChanged(answer) ? answer.Revision <= met : answer.Revision < met;
    }

    private static string Tell(Operation sooner, Operation later) => $"A revision went backwards:\n{sooner}\n{later}\n";
}
