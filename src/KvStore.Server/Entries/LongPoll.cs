namespace KvStore.Server;

/// <summary>A read of one entry that waits for a change. Thread-safe.</summary>
internal sealed class LongPoll(Store store, Reads reads, KvStoreOptions options, TimeProvider time)
{
    /// <summary>How many seconds to wait.</summary>
    public const string WaitParameter = "wait";

    /// <summary>The revision after which a change counts.</summary>
    public const string AfterParameter = "after";

    public static readonly string[] Parameters = [.. Reads.Parameters, WaitParameter, AfterParameter];

    public static bool IsAskedFor(QueryParameters parameters) => !parameters.IsEmpty && (parameters.Has(WaitParameter) || parameters.Has(AfterParameter));

    /// <summary>Answers as soon as the key has changed after a revision, or after the wait.</summary>
    public async Task AnswerAsync(HttpContext context, QueryParameters parameters, ReadRequest request, Key key, Conditions conditions)
    {
        RequestLog.MarkClientPaced(context);
        Snapshot? snapshot = null;
        var problem = TryGet(parameters, request, out var seconds, out var after);
        if (problem is null)
            (snapshot, problem) = await reads.TakeAsync(request, context.RequestAborted);
        problem ??= await WaitAsync(context, snapshot!, key, conditions, TimeSpan.FromSeconds(seconds), after ?? snapshot!.Revision);
        if (problem is not null)
            await problem.WriteAsync(context);
    }

    private async ValueTask<Problem?> WaitAsync(HttpContext context, Snapshot snapshot, Key key, Conditions conditions, TimeSpan wait, long after)
    {
        for (var startedAt = time.GetTimestamp(); ; snapshot = store.Latest)
        {
            var found = snapshot.Find(key);
            if (found?.Revision > after)
                return await AnswerAsync(context, snapshot, found, conditions);

            // An existing entry has not changed up to this snapshot. An absent one may have been deleted after the revision.
            using var watcher = store.TryWatch(WatchFilter.OfKey(key), found is null ? after : Math.Max(after, snapshot.Revision));
            if (watcher is null)
                return Problems.TooManyWatchers(store.Options.WatchersMax);

            var left = wait - time.GetElapsedTime(startedAt);
            var state = await watcher.ReadAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, context.RequestAborted);
            if (state is WatchState.Silent or WatchState.Stopped)
                return AnswerUnchanged(context, found, Math.Max(watcher.Position, snapshot.Revision));
            if (store.Latest is var latest && latest.Find(key) is null)
                return await AnswerAsync(context, latest, null, conditions);
        }
    }

    private static async ValueTask<Problem?> AnswerAsync(HttpContext context, Snapshot snapshot, Entry? found, Conditions conditions)
    {
        await EntryAnswer.WriteAsync(context, snapshot, found, conditions);
        return null;
    }

    private static Problem? AnswerUnchanged(HttpContext context, Entry? found, long revision)
    {
        context.Response.SetRevision(revision);
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        if (found is { } entry)
            context.Response.Headers.ETag = ResponseHeaders.ETagOf(entry.Revision);
        return null;
    }

    private Problem? TryGet(QueryParameters parameters, ReadRequest request, out long seconds, out long? after)
    {
        seconds = 0;
        after = null;
        if (!parameters.Has(WaitParameter))
            return Problems.MalformedRequest("Give it together with wait, the number of seconds to wait for a change.", AfterParameter);
        if (request.Revision is not null)
            return Problems.MalformedRequest("The state at a revision does not change. Omit revision or wait.", WaitParameter);
        var problem = parameters.TryGetNumber(WaitParameter, 0, (long)options.WaitMax.TotalSeconds, out var wait)
            ?? parameters.TryGetNumber(AfterParameter, 0, long.MaxValue - 1, out after);
        seconds = wait ?? 0;
        return problem;
    }
}
