namespace KvStore.Server;

/// <summary>Finds the snapshot that a request reads. Thread-safe.</summary>
internal sealed class Reads(Store store, KvStoreOptions options, TimeProvider time, Drain drain)
{
    public const string RevisionParameter = "revision";

    public const string ConsistencyParameter = "consistency";

    public const string MinRevisionParameter = "min_revision";

    /// <summary>A value of <see cref="ConsistencyParameter"/>: the state has every write that was acknowledged before.</summary>
    public const string Linearizable = "linearizable";

    /// <summary>A value of <see cref="ConsistencyParameter"/>: the state of this replica, at once.</summary>
    public const string Local = "local";

    public static readonly string[] Parameters = [RevisionParameter, ConsistencyParameter, MinRevisionParameter];

    public static Problem? TryGet(QueryParameters parameters, out ReadRequest request)
    {
        request = default;
        if (parameters.IsEmpty)
            return null;
        long? minRevision = null;
        var problem = parameters.TryGetNumber(RevisionParameter, 0, long.MaxValue, out var revision)
            ?? parameters.TryGetNumber(MinRevisionParameter, 0, long.MaxValue, out minRevision);
        if (problem is not null)
            return problem;

        var consistency = parameters.Text(ConsistencyParameter);
        request = new ReadRequest(revision, minRevision ?? 0, consistency == Local);
        return consistency is null or Linearizable or Local ? null : Problems.MalformedRequest($"Give {Linearizable} or {Local}.", ConsistencyParameter);
    }

    /// <summary>Takes the snapshot, once for the whole request. A read that may get an old state gets its age in a header.</summary>
    public ValueTask<Taken> TakeAsync(ReadRequest request, HttpContext context)
    {
        // The order matters: a snapshot that is taken after its age was read is as new as that, or newer.
        if (request.IsLocal && store.Connection is { } connection)
            context.Response.SetStateAge(connection.StateAge);
        return TakeAsync(request, context.RequestAborted);
    }

    /// <inheritdoc cref="TakeAsync(ReadRequest, HttpContext)"/>
    public ValueTask<Taken> TakeAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        if (store.State < StoreState.Running)
            return ValueTask.FromResult(new Taken(null, StoreProblems.Loading(store)));
        if (request.IsLocal && store.Latest is var local && !IsBehind(local, request))
            return ChooseAsync(request, local, cancellationToken);

        // Take the barrier before checking `revision`: this replica may not have seen a revision that another one has already returned.
        var reading = store.ReadAsync(cancellationToken);
        if (!reading.IsCompletedSuccessfully)
            return WaitAsync(request, reading, cancellationToken);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        return ChooseAsync(request, reading.Result, cancellationToken);
#pragma warning restore RS0030
    }

    // Whether the request names a revision that another replica may have reached. With one node there is none, and such a revision is an error.
    private bool IsBehind(Snapshot local, ReadRequest request) => Math.Max(request.Revision ?? 0, request.KnownRevision) > local.Revision && store.Connection is not null;

    private async ValueTask<Taken> WaitAsync(ReadRequest request, ValueTask<Snapshot?> reading, CancellationToken cancellationToken) =>
        await ChooseAsync(request, await reading, cancellationToken);

    private ValueTask<Taken> ChooseAsync(ReadRequest request, Snapshot? latest, CancellationToken cancellationToken)
    {
        if (latest is null)
            return ValueTask.FromResult(new Taken(null, StoreProblems.NotRead(store)));
        if (request is { Revision: null, MinRevision: 0 })
            return ValueTask.FromResult(new Taken(latest, null));
        return latest.Revision >= request.MinRevision ? FindAsync(request, latest, cancellationToken) : ReachAsync(request, cancellationToken);
    }

    private async ValueTask<Taken> ReachAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        // The wait must end with its request, because the revision may never come.
        using var timeout = new CancellationTokenSource(options.MinRevisionTimeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, drain.Ended, cancellationToken);
        Snapshot latest;
        try
        {
            latest = await store.WaitForRevisionAsync(request.MinRevision, any.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Taken(null, Problems.RevisionNotReached(MinRevisionParameter, request.MinRevision, store.Latest.Revision));
        }

        return await FindAsync(request, latest, cancellationToken);
    }

    private async ValueTask<Taken> FindAsync(ReadRequest request, Snapshot latest, CancellationToken cancellationToken)
    {
        if (request.MinRevision > 0 && store.IsLost(request.MinRevision))
            return new Taken(null, Problems.Lost(request.MinRevision, store.OldestRevision) with { Field = MinRevisionParameter });
        if (request.Revision is not { } wanted)
            return new Taken(latest, null);
        if (wanted > latest.Revision)
            return new Taken(null, Problems.MalformedRequest($"The store has not reached that revision; the latest is {latest.Revision}.", RevisionParameter));
        var found = await store.FindSnapshotAsync(wanted, cancellationToken);
        if (found.Snapshot is { } snapshot)
            return new Taken(snapshot, null);
        if (found.IsOverloaded)
            return new Taken(null, Problems.Overloaded("reads of old revisions", store.ExpensiveReads.RetryAfter) with { Outcome = null, Field = RevisionParameter });
        var gone = store.IsLost(wanted) ? Problems.Lost(wanted, store.OldestRevision) : Problems.Gone(store.OldestRevision);
        return new Taken(null, gone with { Field = RevisionParameter });
    }

    public readonly record struct Taken(Snapshot? Snapshot, Problem? Problem);
}
