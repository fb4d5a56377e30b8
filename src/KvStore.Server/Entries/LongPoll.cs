
namespace KvStore.Server;

/// <summary>A read of one entry that waits until there is something new. Any thread may use it.</summary>
internal sealed class LongPoll(Store store, Reads reads, KvStoreOptions options, TimeProvider time)
{
    /// <summary>The query parameter that says how many seconds to wait.</summary>
    public const string WaitParameter = "wait";

    /// <summary>The query parameter that says after which revision something counts as new.</summary>
    public const string AfterParameter = "after";

    /// <summary>The query parameters of a read of one entry.</summary>
    public static readonly string[] Parameters = [.. Reads.Parameters, WaitParameter, AfterParameter];

    /// <summary>Whether a read is to wait.</summary>
    public static bool IsAskedFor(QueryParameters parameters) => !parameters.IsEmpty && (parameters.Has(WaitParameter) || parameters.Has(AfterParameter));

    /// <summary>Answers as soon as the key has changed after a revision, or when the time is up.</summary>
    public async Task AnswerAsync(HttpContext context, QueryParameters parameters, ReadRequest request, Key key, Conditions conditions)
    {
        RequestLog.MayTakeLong(context);
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

            // An entry that is there has not changed up to this snapshot. One that is not may have been deleted meanwhile.
            using var watcher = store.TryWatch(WatchFilter.OfKey(key), found is null ? after : Math.Max(after, snapshot.Revision));
            if (watcher is null)
                return Problems.TooManyWatchers(store.Options.WatchersMax, RetryTimes.Restart);

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
        await EntryResponses.WriteEntryAsync(context, snapshot, found, conditions);
        return null;
    }

    private static Problem? AnswerUnchanged(HttpContext context, Entry? found, long revision)
    {
        EntryResponses.SetRevision(context.Response, revision);
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        if (found is { } entry)
            context.Response.Headers.ETag = EntryResponses.ETagOf(entry.Revision);
        return null;
    }

    private Problem? TryGet(QueryParameters parameters, ReadRequest request, out long seconds, out long? after)
    {
        seconds = 0;
        after = null;
        if (!parameters.Has(WaitParameter))
            return Problems.MalformedRequest("It goes with wait, the number of seconds to wait for a change.", AfterParameter);
        if (request.Revision is not null)
            return Problems.MalformedRequest("The state at a revision does not change. Leave revision or wait away.", WaitParameter);
        var problem = parameters.TryGetNumber(WaitParameter, 0, (long)options.WaitMax.TotalSeconds, out var wait)
            ?? parameters.TryGetNumber(AfterParameter, 0, long.MaxValue - 1, out after);
        seconds = wait ?? 0;
        return problem;
    }
}
