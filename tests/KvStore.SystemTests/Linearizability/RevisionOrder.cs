namespace KvStore.SystemTests.Linearizability;

/// <summary>
/// The revisions of answers, over all keys: an operation that was invoked after an answer had come is at no earlier revision, and one that changed something at a later one.
/// </summary>
internal static class RevisionOrder
{
    /// <returns>Two operations that went backwards; null if there are none.</returns>
    public static string? FindBackward(IReadOnlyList<Operation> history)
    {
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

            var answer = operation.Answer!;
            var isLater = operation.Call.HasChanged(answer);
            if (latest is not null && (isLater ? answer.Revision <= latest.Answer!.Revision : answer.Revision < latest.Answer!.Revision))
                return $"A revision went backwards:\n{latest}\n{operation}\n";
        }

        return null;
    }
}
