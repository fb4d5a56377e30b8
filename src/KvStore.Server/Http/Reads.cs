namespace KvStore.Server.Http;

/// <summary>Finds the snapshot that a request reads.</summary>
internal static class Reads
{
    /// <summary>The query parameter that asks for the state at a revision.</summary>
    public const string RevisionParameter = "revision";

    /// <summary>Takes the snapshot, once, for the whole of a request: the latest one, or that of a revision.</summary>
    /// <returns>The snapshot, or what is wrong.</returns>
    public static async ValueTask<(Snapshot? Snapshot, Problem? Problem)> TakeAsync(Store store, long? revision, CancellationToken cancellationToken)
    {
        if (store.State < StoreState.Running)
            return (null, Problems.Unavailable("The store is still loading. Try again after the time in Retry-After.", RetryTimes.Loading));

        // The order matters because a revision that some replica has answered with is known here only after the barrier.
        var latest = await store.ReadAsync(cancellationToken);
        if (revision is not { } wanted)
            return (latest, null);
        if (wanted > latest.Revision)
            return (null, Problems.MalformedRequest($"The store has not come to that revision; the latest is {latest.Revision}.", RevisionParameter));
        return store.At(wanted, out var snapshot) ? (snapshot, null) : (null, Problems.Gone(store.OldestRevision));
    }
}
