namespace KvStore.Origins;

/// <summary>Loads that one call is made for.</summary>
/// <param name="Loads">The loads, at least one.</param>
/// <param name="BreakerPeriod">What the breaker needs with the verdict of the call.</param>
internal sealed record LoadGroup(IReadOnlyList<Load> Loads, long BreakerPeriod);

/// <summary>
/// Decides which loads the next call is made for. One worker at a time is here, so that a group is gathered by one and not torn apart by all that are idle; the
/// others wait for their turn. The token is taken last, and then the call is made at once. Every call takes one here, the first of a load and each that is made
/// again, because there is no other way to the origin.
/// </summary>
internal sealed class LoadGatherer(OriginOptions options, int keysMax, LoadQueue queue, LoadTable table, TokenBucket tokens, CircuitBreaker breaker) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Waits for loads, and for a token to call the origin with.</summary>
    /// <param name="crew">The workers, of which the caller is one. It is busy if there are loads.</param>
    /// <param name="stopping">Ends the wait for a token.</param>
    /// <returns>The loads; null when the worker is to end.</returns>
    public async Task<LoadGroup?> NextAsync(WorkerCrew crew, CancellationToken stopping)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            while (await queue.WaitAsync())
            {
                if (queue.TryReadRetirement())
                {
                    if (crew.TryRetire())
                        return null;
                }
                else if (!TryFailQueued())
                {
                    if (keysMax > 1)
                        await queue.WaitForAsync(keysMax, options.BatchWait);
                    await tokens.TakeAsync(stopping);
                    crew.Enter();
                    if (Take() is { } group)
                        return group;
                    crew.Leave();
                    tokens.Return();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        finally
        {
            _turn.Release();
        }

        return null;
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>While the breaker is open, loads have failed before they take a token.</summary>
    private bool TryFailQueued()
    {
        if (breaker.OpenLeft is not { } left)
            return false;
        while (queue.TryReadLoad(out var queued))
        {
            if (table.TryStart(queued.Load!))
                table.Complete(queued.Load!, queued.Load!.Failure ?? LoadFailures.BreakerOpen(left));
        }

        return true;
    }

    private LoadGroup? Take()
    {
        if (!breaker.TryEnter(out var period))
            return null;
        var loads = new List<Load>();
        for (var countMax = keysMax; loads.Count < countMax && queue.TryReadLoad(out var queued);)
        {
            var load = queued.Load!;
            if (loads.Count >= load.GroupMax)
            {
                queue.PutBack(queued);
                break;
            }

            if (!table.TryStart(load))
                continue;
            loads.Add(load);
            countMax = Math.Min(countMax, load.GroupMax);
        }

        if (loads.Count > 0)
            return new LoadGroup(loads, period);
        breaker.Record(period, CallVerdict.None);
        return null;
    }
}
