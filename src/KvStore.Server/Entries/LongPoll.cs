namespace KvStore.Server;

/// <summary>Reads of one entry that wait for a change. Thread-safe.</summary>
internal sealed class LongPoll(Store store, Reads reads, LargeAnswers answers, KvStoreOptions options, TimeProvider time)
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
        var problem = TryGet(parameters, request, out var wait, out var after);
        if (problem is null)
        {
            var poll = new Poll(context, options, answers, key, conditions, after);
            request = request with { KnownRevision = after?.Revision ?? 0 };
            problem = poll.Begin(await reads.TakeAsync(request, context), store) ?? await WaitAsync(context, poll, wait);
        }

        if (problem is not null)
            await problem.WriteAsync(context);
    }

    private async ValueTask<Problem?> WaitAsync(HttpContext context, Poll poll, TimeSpan wait)
    {
        using var revocation = RevocableWait.Begin(context);
        try
        {
            return await WaitAsync(poll, wait, revocation.Token);
        }
        catch (OperationCanceledException) when (revocation.IsRevoked)
        {
            return Problems.Revoked();
        }
    }

    private async ValueTask<Problem?> WaitAsync(Poll poll, TimeSpan wait, CancellationToken cancellationToken)
    {
        for (var startedAt = time.GetTimestamp(); poll.Answering is null;)
        {
            WatchState state;
            long position;

            // Disposed of before the answer is sent: a client that polls again at once must find its place free.
            using (var watcher = store.TryWatch(WatchFilter.OfKey(poll.Key), poll.WatchAfter))
            {
                if (watcher is null)
                    return Problems.TooManyWatchers(store.Options.WatchersMax);
                var left = wait - time.GetElapsedTime(startedAt);
                state = await watcher.ReadAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
                position = watcher.Position;
            }

            if (state is WatchState.Silent or WatchState.Stopped)
                poll.End(store.Latest, position);
            else
                poll.Continue(store.Latest);
        }

        await poll.Answering;
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
