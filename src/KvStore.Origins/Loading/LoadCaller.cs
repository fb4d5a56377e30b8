using System.Diagnostics;

namespace KvStore.Origins;

/// <summary>Makes one call for a group of loads, and decides what becomes of each of them: its result, or another call. Thread-safe.</summary>
internal sealed class LoadCaller(
    OriginOptions options,
    IOriginSource source,
    ILoadTarget target,
    LoadTable table,
    OriginGate gate,
    LoadCounters counters,
    Action<OriginEvent> report,
    TimeProvider time)
{
    private const int BackoffDoublingsMax = 20;

    /// <summary>Calls the origin for a group, whose token is taken. Does not throw.</summary>
    /// <param name="group">The loads, and what the breaker needs.</param>
    /// <param name="aborting">Ends the call, and with it the loads.</param>
    public async Task CallAsync(LoadGroup group, CancellationToken aborting)
    {
        counters.CountCall(group.Loads.Any(load => load.Failure is not null));
        using var span = LoadSpans.Begin(options.Name, group.Loads);
        var (tickets, results) = await AskAsync(group.Loads, aborting);
        if (results.OfType<LoadResult.Failed>().FirstOrDefault() is { } failed)
            span?.SetStatus(ActivityStatusCode.Error, failed.Detail);
        gate.Record(group.BreakerPeriod, aborting.IsCancellationRequested ? CallVerdict.None : VerdictOf(results));
        PauseIfAsked(results);

        // The halves are tried apart, so that a key that makes every call with it fail does so alone.
        var isDivided = results.Count > 1 && results.All(result => result is LoadResult.Failed { Kind: LoadFailure.BadAnswer or LoadFailure.Refused });
        var stores = new List<Task>();
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i] is LoadResult.Failed failure)
                Fail(group.Loads[i], failure, isDivided ? results.Count / 2 : null);
            else
                stores.Add(StoreAsync(group.Loads[i], tickets[i], results[i]));
        }

        await Task.WhenAll(stores);
    }

    // The call has the time that its last load has. One that reaches its deadline before has failed by then, but its answer is stored all the same.
    private async Task<(LoadTicket[] Tickets, IReadOnlyList<LoadResult> Results)> AskAsync(IReadOnlyList<Load> loads, CancellationToken aborting)
    {
        LoadTicket[] tickets = [];
        try
        {
            var left = loads.Max(table.TimeLeft);
            using var late = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, aborting);
            tickets = [.. loads.Select(load => target.Begin(load.Key))];
            try
            {
                var results = await source.LoadAsync([.. tickets.Select(ticket => new LoadRequest(ticket.Key, ticket.ETag))], ending.Token);
                if (results.Count == loads.Count)
                    return (tickets, results);
                throw new InvalidOperationException($"The source returned {results.Count} results for {loads.Count} keys.");
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return (tickets, FailAll(loads, aborting.IsCancellationRequested
                    ? LoadFailures.Stopping
                    : LoadFailures.NotAnswered(options)));
            }
        }
        catch (Exception exception)
        {
            report(new(OriginEventKind.Faulted, "A load ended by an exception.", exception));
            return (tickets, FailAll(loads, LoadFailures.Internal("The origin could not be called")));
        }
    }

    private async Task StoreAsync(Load load, LoadTicket ticket, LoadResult result)
    {
        try
        {
            table.Complete(load, result, await target.StoreAsync(ticket, result), ticket);
        }
        catch (Exception exception)
        {
            report(new(OriginEventKind.Faulted, "An answer of the origin could not be stored because of an exception.", exception));
            table.Complete(load, LoadFailures.Internal("The answer of the origin could not be stored"));
        }
    }

    /// <summary>Has the origin called for the load again if that is useful, and possible in time; otherwise the load has failed.</summary>
    /// <param name="load">The load.</param>
    /// <param name="failure">Why the call failed.</param>
    /// <param name="groupMax">The most loads of the next call, if this one failed for a group that is divided.</param>
    private void Fail(Load load, LoadResult.Failed failure, int? groupMax)
    {
        load.Failure = failure;
        load.GroupMax = Math.Min(load.GroupMax, groupMax ?? int.MaxValue);
        var isRepeated = groupMax is not null || ((failure.IsTransient || failure.Kind == LoadFailure.Throttled) && ++load.Attempts < options.Calls.AttemptsMax);
        var delay = failure.Kind == LoadFailure.Throttled ? gate.Tokens.PauseLeft : failure.IsTransient ? BackoffOf(load) : TimeSpan.Zero;
        if (!isRepeated || delay >= table.TimeLeft(load))
            table.Complete(load, failure);
        else if (failure.IsTransient)
            table.Requeue(load, delay);
        else
            table.Requeue(load);
    }

    // A load that would wait for longer than it has fails instead, so a bound below that of a duration changes nothing.
    private TimeSpan BackoffOf(Load load) => options.Calls.Backoff * Math.Pow(2, Math.Clamp(load.Attempts - 1, 0, BackoffDoublingsMax)) * (1 - (Random.Shared.NextDouble() / 2));

    private void PauseIfAsked(IReadOnlyList<LoadResult> results)
    {
        var asked = results.OfType<LoadResult.Failed>().FirstOrDefault(failure => failure.Kind == LoadFailure.Throttled);
        if (asked is null)
            return;
        gate.Pause(asked.RetryAfter);
        table.FailWaiting(gate.Tokens.PauseLeft, LoadFailures.Paused(gate.Tokens.PauseLeft));
    }

    private static LoadResult[] FailAll(IReadOnlyList<Load> loads, LoadResult.Failed failure) => [.. loads.Select(_ => failure)];

    private static CallVerdict VerdictOf(IReadOnlyList<LoadResult> results) =>
        results.All(result => result is LoadResult.Failed { IsTransient: true } or LoadResult.Failed { Kind: LoadFailure.Timeout }) ? CallVerdict.Ill : CallVerdict.Healthy;
}
