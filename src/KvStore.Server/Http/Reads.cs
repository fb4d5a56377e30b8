namespace KvStore.Server.Http;

/// <summary>Finds the snapshot that a request reads.</summary>
internal static class Reads
{
    /// <summary>The query parameter that asks for the state at a revision.</summary>
    public const string RevisionParameter = "revision";

    /// <summary>Takes the snapshot, once, for the whole of a request: the latest one, or that of a revision.</summary>
    /// <returns>The snapshot, or what is wrong.</returns>
    public static ValueTask<Taken> TakeAsync(Store store, long? revision, CancellationToken cancellationToken)
    {
        if (store.State < StoreState.Running)
            return ValueTask.FromResult(new Taken(null, Problems.Unavailable("The store is still loading. Try again after the time in Retry-After.", RetryTimes.Loading)));

        // The order matters because a revision that some replica has answered with is known here only after the barrier.
        var reading = store.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(Choose(store, revision, reading.Result)) : WaitAsync(store, revision, reading);

        static async ValueTask<Taken> WaitAsync(Store store, long? revision, ValueTask<Snapshot> reading) =>
            Choose(store, revision, await reading);
    }

    private static Taken Choose(Store store, long? revision, Snapshot latest)
    {
        if (revision is not { } wanted)
            return new Taken(latest, null);
        if (wanted > latest.Revision)
            return new Taken(null, Problems.MalformedRequest($"The store has not come to that revision; the latest is {latest.Revision}.", RevisionParameter));
        return store.At(wanted, out var snapshot) ? new Taken(snapshot, null) : new Taken(null, Problems.Gone(store.OldestRevision));
    }

    /// <summary>A snapshot, or what is wrong.</summary>
    public readonly record struct Taken(Snapshot? Snapshot, Problem? Problem);
}
