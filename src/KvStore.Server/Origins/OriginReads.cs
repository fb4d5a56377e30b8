using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Reads of one key that comes from an origin: from what is stored, or after a load (RFC 9111). Thread-safe.</summary>
internal sealed class OriginReads(Reads reads, LargeAnswers answers, KvStoreOptions options, ServedOrigins origins, Store store, TimeProvider time)
{
    // After so many loads that were overtaken by writes, a reader learns that.
    private const int LoadsMax = 5;

    /// <summary>The origin that a read has to ask; null if it reads the store alone, as a read of an old state does.</summary>
    public ServedOrigin? Find(Key key, in ReadRequest request) => request.Revision is null ? origins.Find(key) : null;

    // Not async: what is stored is answered without a state machine, as other entries are.
    public Task AnswerAsync(HttpContext context, ReadRequest request, Key key, Conditions conditions, ServedOrigin origin)
    {
        if (CacheDirectives.TryGet(context.Request.Headers.CacheControl, out var directives) is { } malformed)
            return malformed.WriteAsync(context);
        var read = new OriginRead(context, key, conditions, directives, origin, time.GetTimestamp());
        var taking = reads.TakeAsync(request, context);
        if (!taking.IsCompletedSuccessfully)
            return WaitAsync(read, request, taking);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        return TryAnswer(read, taking.Result, isLast: false) ?? LoadAsync(read, request);
#pragma warning restore RS0030
    }

    private async Task WaitAsync(OriginRead read, ReadRequest request, ValueTask<Reads.Taken> taking) =>
        await (TryAnswer(read, await taking, isLast: false) ?? LoadAsync(read, request));

    private async Task LoadAsync(OriginRead read, ReadRequest request)
    {
        for (var loads = 1; ; loads++)
        {
            read.Loaded = await read.Origin.Pool.LoadAsync(read.Key, () => !read.Serves(read.Origin.EvaluateLatest(read.Key)), read.Context.RequestAborted);

            // In a method of its own, so that the snapshot is not in memory while the key is loaded.
            if (TryAnswer(read, await reads.TakeAsync(request, read.Context), isLast: loads >= LoadsMax) is { } answering)
            {
                await answering;
                return;
            }
        }
    }

    // Null if the key has to be loaded first.
    private Task? TryAnswer(OriginRead read, Reads.Taken taken, bool isLast)
    {
        if (taken.Problem is { } problem)
            return problem.WriteAsync(read.Context);
        var snapshot = taken.Snapshot!;
        var state = read.Origin.State.Evaluate(snapshot, read.Key);
        return read.Loaded switch
        {
            null => TryAnswerStored(read, snapshot, state) ?? (isLast ? AnswerFailed(read, snapshot, state, OriginProblems.Raced()) : null),
            { Result: LoadResult.Failed failure } => AnswerFailed(read, snapshot, state, OriginProblems.NotLoaded(failure)),
            { Commit: LoadCommit.Raced } => isLast ? AnswerFailed(read, snapshot, state, OriginProblems.Raced()) : TryAnswerStored(read, snapshot, state),
            { } loaded => TryAnswerLoaded(read, snapshot, state, loaded, isLast),
        };
    }

    private Task? TryAnswerStored(OriginRead read, Snapshot snapshot, in KeyState state)
    {
        var directives = read.Directives;
        if (read.Origin.Leases is { } leases && !(state.IsFresh && read.Serves(state)))
            return AnswerLeased(read, snapshot, state, leases);
        if (read.Serves(state))
        {
            // Those that may be refreshed are served all the same if no load can begin now.
            if ((!state.IsFresh || state.IsRefreshDue) && !directives.OnlyIfCached)
                read.Origin.Refresh(read.Key);
            CacheAnswer.SetHit(read.Context.Response, state);
            return Answer(read, snapshot, state, state.IsFresh ? OriginAnswer.Hit : OriginAnswer.Stale);
        }

        if (directives.OnlyIfCached)
            return Reject(read, snapshot, OriginProblems.NotCached());
        read.Reason = state.Standing == KeyStanding.Unknown && snapshot.Find(read.Key) is null ? ForwardReason.Miss : state.IsFresh ? ForwardReason.Request : ForwardReason.Stale;
        return null;
    }

    // One client loads the key, and the others come back for it; of those that may write it.
    private Task AnswerLeased(OriginRead read, Snapshot snapshot, in KeyState state, LoadLeases leases)
    {
        var response = read.Context.Response;
        if (Access.Check(read.Context, Rights.Write, read.Key) is null && leases.TryTake(snapshot, read.Key, store.Id) is { } token)
            response.Headers[OriginProblems.LoadToken] = token;
        else
            response.Headers.RetryAfter = "1";
        if (read.Serves(state) || (state.MayServeOnError && !read.Directives.IsStrict))
        {
            CacheAnswer.SetHit(response, state);
            return Answer(read, snapshot, state, OriginAnswer.Stale);
        }

        read.Origin.Count(OriginAnswer.Failed);
        return EntryAnswer.NotFound(response, snapshot.Revision).WriteAsync(read.Context);
    }

    private Task? TryAnswerLoaded(OriginRead read, Snapshot snapshot, in KeyState state, LoadAnswer loaded, bool isLast)
    {
        if (loaded.Commit == LoadCommit.NotStored && loaded.Result is LoadResult.Found or LoadResult.Absent)
        {
            if (!read.MayUse(loaded.Ticket!, snapshot))
                return isLast ? AnswerFailed(read, snapshot, state, OriginProblems.Raced()) : TryAnswerStored(read, snapshot, state);
            CacheAnswer.SetForwarded(read.Context.Response, read.Reason, loaded, state: null);
            read.Origin.Count(OriginAnswer.Loaded);
            return loaded.Result is LoadResult.Found found ? AnswerUnstored(read, snapshot, found) : EntryAnswer.NotFound(read.Context.Response, snapshot.Revision).WriteAsync(read.Context);
        }

        if (state.Standing != KeyStanding.Unknown)
        {
            CacheAnswer.SetForwarded(read.Context.Response, read.Reason, loaded, state);
            return Answer(read, snapshot, state, OriginAnswer.Loaded);
        }

        // It was stored, and is invalid again.
        return isLast ? AnswerFailed(read, snapshot, state, OriginProblems.Raced()) : null;
    }

    private Task AnswerFailed(OriginRead read, Snapshot snapshot, in KeyState state, Problem problem)
    {
        if (state.MayServeOnError && !read.Directives.IsStrict)
        {
            CacheAnswer.SetForwarded(read.Context.Response, read.Reason, read.Loaded, state);
            return Answer(read, snapshot, state, state.IsFresh ? OriginAnswer.Hit : OriginAnswer.Stale);
        }

        CacheAnswer.SetForwarded(read.Context.Response, read.Reason, read.Loaded, state: null);
        read.Origin.Count(OriginAnswer.Failed);
        return Reject(read, snapshot, problem);
    }

    private Task Answer(OriginRead read, Snapshot snapshot, in KeyState state, OriginAnswer answer)
    {
        var context = read.Context;
        read.Origin.Count(answer);
        CacheAnswer.SetAge(context.Response, state);
        return EntryAnswer.WriteAsync(context, options, answers, snapshot, state.Entry, read.Conditions, CacheAnswer.ControlOf(state, isPrivate: Access.IsKnown(context)));
    }

    // It has no ETag of the store, so no condition is about it.
    private Task AnswerUnstored(OriginRead read, Snapshot snapshot, LoadResult.Found found)
    {
        var response = read.Context.Response;
        response.SetRevision(snapshot.Revision);
        if (read.Conditions.IfMatch is not null)
            return EntryAnswer.PreconditionFailed(response, null).WriteAsync(read.Context);
        response.SetValue(found.ContentType.Length > 0 ? found.ContentType : ContentTypes.OctetStream, found.Value.Length, options.CrossOriginResourcePolicy);
        response.SetCacheControl("no-store");
        return HttpMethods.IsHead(read.Context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(found.Value, read.Context.RequestAborted).AsTask();
    }

    private static Task Reject(OriginRead read, Snapshot snapshot, Problem problem)
    {
        read.Context.Response.SetRevision(snapshot.Revision);
        return problem.WriteAsync(read.Context);
    }

    private sealed class OriginRead(HttpContext context, Key key, Conditions conditions, CacheDirectives directives, ServedOrigin origin, long beganAt)
    {
        public HttpContext Context => context;

        public Key Key => key;

        public Conditions Conditions => conditions;

        public CacheDirectives Directives => directives;

        public ServedOrigin Origin => origin;

        /// <summary>Whether something that is stored is served without a load.</summary>
        public bool Serves(in KeyState state) => directives.Accepts(state) || (state.MayRevalidate && !state.IsFresh && !directives.IsStrict);

        /// <summary>
        /// Whether what was loaded and not stored answers this request: nothing has happened since, and while the key is being written, the load began after the request. An older one
        /// may have asked before the write arrived, and another replica may have shown it since.
        /// </summary>
        public bool MayUse(LoadTicket ticket, Snapshot snapshot) => origin.State.IsUnchanged(snapshot, ticket) && (!ticket.IsBeingWritten || ticket.BeganAt >= beganAt);

        /// <summary>The last load of this request; null before the first, and if another has made it unnecessary.</summary>
        public LoadAnswer? Loaded { get; set; }

        /// <summary>Why it was loaded.</summary>
        public ForwardReason Reason { get; set; }
    }
}
