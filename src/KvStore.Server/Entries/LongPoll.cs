namespace KvStore.Server;

/// <summary>A read of one entry that waits for a change. Thread-safe.</summary>
internal sealed class LongPoll(Store store, Reads reads, KvStoreOptions options, TimeProvider time)
{
    /// <summary>How long to wait.</summary>
    public const string WaitParameter = "wait";

    /// <summary>The revision after which a change counts.</summary>
    public const string AfterParameter = "after";

    public static readonly string[] Parameters = [.. Reads.Parameters, WaitParameter, AfterParameter];

    public static bool IsAskedFor(QueryParameters parameters) => !parameters.IsEmpty && (parameters.Has(WaitParameter) || parameters.Has(AfterParameter));

    /// <summary>
    /// Waits as long as the answer would be that nothing has changed: as the conditions define it, and <c>after</c>. A request with neither waits
    /// for the next change.
    /// </summary>
    public async Task AnswerAsync(HttpContext context, QueryParameters parameters, ReadRequest request, Key key, Conditions conditions)
    {
        RequestLog.MarkClientPaced(context);
        Snapshot? snapshot = null;
        var problem = TryGet(parameters, request, out var wait, out var after);
        if (problem is null)
            (snapshot, problem) = await reads.TakeAsync(request, context.RequestAborted);
        problem ??= after?.Check(store, snapshot!, AfterParameter)
            ?? await WaitAsync(context, snapshot!, key, conditions, wait, after?.Revision);
        if (problem is not null)
            await problem.WriteAsync(context);
    }

    private async ValueTask<Problem?> WaitAsync(HttpContext context, Snapshot snapshot, Key key, Conditions conditions, TimeSpan wait, long? after)
    {
        var mayBeUnchanged = after is not null || conditions.MayBeNotModified;
        var above = after ?? (mayBeUnchanged ? 0 : snapshot.Revision);
        for (var startedAt = time.GetTimestamp(); ; snapshot = store.Latest)
        {
            var found = snapshot.Find(key);
            if (found is { } entry ? IsAnswer(entry, conditions, above) : after is null && mayBeUnchanged)
                return await AnswerAsync(context, snapshot, found, conditions);

            // An existing entry has not changed up to this snapshot. An absent one may have been deleted after the revision.
            using var watcher = store.TryWatch(WatchFilter.OfKey(key), found is null ? above : Math.Max(above, snapshot.Revision));
            if (watcher is null)
                return Problems.TooManyWatchers(store.Options.WatchersMax);

            var left = wait - time.GetElapsedTime(startedAt);
            var state = await watcher.ReadAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, context.RequestAborted);
            var latest = store.Latest;
            if (state is WatchState.Silent or WatchState.Stopped)
            {
                return mayBeUnchanged
                    ? AnswerUnchanged(context, found, Math.Max(watcher.Position, snapshot.Revision))
                    : await AnswerAsync(context, latest, latest.Find(key), conditions);
            }

            if (latest.Find(key) is null)
                return await AnswerAsync(context, latest, null, conditions);
        }
    }

    // A failed If-Match is an answer, too, and comes first (RFC 9110, section 13.2.2).
    private static bool IsAnswer(Entry entry, Conditions conditions, long above) =>
        conditions.IfMatch?.Passes(entry) == false || (entry.Revision > above && !conditions.IsNotModified(entry));

    private async ValueTask<Problem?> AnswerAsync(HttpContext context, Snapshot snapshot, Entry? found, Conditions conditions)
    {
        await EntryAnswer.WriteAsync(context, options, snapshot, found, conditions);
        return null;
    }

    private static Problem? AnswerUnchanged(HttpContext context, Entry? found, long revision)
    {
        context.Response.SetRevision(revision);
        EntryAnswer.SetNotModified(context.Response, found);
        return null;
    }

    private Problem? TryGet(QueryParameters parameters, ReadRequest request, out TimeSpan wait, out Position? after)
    {
        wait = default;
        after = null;
        if (!parameters.Has(WaitParameter))
            return Problems.MalformedRequest("Give it together with wait, the time to wait for a change.", AfterParameter);
        if (request.Revision is not null)
            return Problems.MalformedRequest("The state at a revision does not change. Omit revision or wait.", WaitParameter);
        var problem = parameters.TryGetDuration(WaitParameter, options.WaitMax, out var given)
            ?? Position.TryGet(parameters, AfterParameter, out after);
        wait = given ?? default;
        return problem;
    }
}
