namespace KvStore.Origins;

/// <summary>What a request gets for which a key was loaded.</summary>
/// <param name="Result">What the origin answered, or why there is no answer.</param>
/// <param name="Commit">What became of the answer; null if there is none.</param>
/// <param name="IsCollapsed">Whether the load had begun for another request.</param>
internal sealed record LoadAnswer(LoadResult Result, LoadCommit? Commit, bool IsCollapsed)
{
    /// <summary>What the load found when it began; null if there is no answer.</summary>
    public LoadTicket? Ticket { get; init; }
}

/// <summary>
/// Loads keys of one origin by workers: one load of a key at a time, with any number of requests that wait for it; no more calls at a time than workers, and no more in
/// any time than tokens. Any thread may use it.
/// </summary>
/// <remarks>
/// A load belongs to the pool. The request that caused it may leave; the load ends with an answer, which is stored, or by <see cref="OriginOptions.LoadTimeout"/> after it was
/// admitted, whatever it waits for. A failed call is repeated if the failure says nothing of the key, and pays a token again. A key whose load failed is not loaded for
/// <see cref="OriginOptions.FailureFor"/>. Everything that can grow is bounded: requests that wait, loads in the queue, and failures that are remembered, each by
/// <see cref="OriginOptions.WaitersMax"/>.
/// </remarks>
internal sealed class LoaderPool : IAsyncDisposable
{
    private readonly OriginOptions _options;
    private readonly IOriginSource _source;
    private readonly LoadCounters _counters = new();
    private readonly LoadQueue _queue;
    private readonly LoadTable _table;
    private readonly LoadGatherer _gatherer;
    private readonly LoadCaller _caller;
    private readonly WorkerCrew _crew;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();

    /// <summary>Starts the workers.</summary>
    /// <param name="options">The settings, which have been validated.</param>
    /// <param name="source">The origin; the pool disposes of it.</param>
    /// <param name="target">Where answers are stored.</param>
    /// <param name="report">Called with what an operator may want to know, from any thread. It must not throw.</param>
    /// <param name="time">The clock.</param>
    public LoaderPool(OriginOptions options, IOriginSource source, ILoadTarget target, Action<OriginEvent> report, TimeProvider time)
    {
        _options = options;
        _source = source;
        _queue = new LoadQueue(time);
        _table = new LoadTable(options, _queue, _counters, time);
        Gate = new OriginGate(options, report, time);
        _gatherer = new LoadGatherer(options, source.KeysMax, _queue, _table, Gate.Tokens, Gate.Breaker);
        _caller = new LoadCaller(options, source, target, _table, Gate, _counters, report, time);
        _crew = new WorkerCrew(options.Workers, source.KeysMax, _queue, Gate.Tokens, WorkAsync, time);
        _crew.Start();
    }

    /// <summary>Whether and when the origin is called. Who writes to the origin takes its tokens here too.</summary>
    public OriginGate Gate { get; }

    /// <summary>How the pool does now.</summary>
    public LoaderStatus Status => _counters.AddTo(new LoaderStatus
    {
        // The order matters because a worker is busy before it takes a load from the queue: every load is in one of the two.
        Queued = _queue.Count,
        Workers = _crew.Count,
        Busy = _crew.Busy,
        Loads = _table.Count,
        Waiters = _table.Waiters,
        Tokens = Gate.Tokens.Available,
        IsOutOfTokens = Gate.Tokens.Waiting > 0,
        PauseLeft = Gate.Tokens.PauseLeft,
        Breaker = Gate.Breaker.State,
    });

    /// <summary>Loads a key, or waits for the load of it that is in progress.</summary>
    /// <param name="key">A key below the origin's prefix.</param>
    /// <param name="isNeeded">
    /// Whether the key has to be loaded, by the latest state. Asked if no load is in progress, under a lock: when one has ended, what it stored is in the latest
    /// state. So a request that found nothing just before does not have the origin called a second time.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, not the load.</param>
    /// <returns>The answer; null if the key need not be loaded any more.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<LoadAnswer?> LoadAsync(Key key, Func<bool> isNeeded, CancellationToken cancellationToken)
    {
        if (_table.TryJoin(key, isNeeded, FindObstacle, out var load, out var isNew) is { } failure)
            return new(failure, null, IsCollapsed: false);
        if (load is null)
            return null;
        try
        {
            var answer = await load.Completion.Task.WaitAsync(cancellationToken);
            return isNew ? answer : answer with { IsCollapsed = true };
        }
        finally
        {
            _table.Leave();
        }
    }

    /// <summary>Loads a key that is still served, after those that requests wait for.</summary>
    /// <param name="key">A key below the origin's prefix.</param>
    /// <param name="isNeeded">As for <see cref="LoadAsync"/>.</param>
    /// <returns>False if the key has to be loaded, and no load can begin now.</returns>
    public bool TryRefresh(Key key, Func<bool> isNeeded) => _table.TryRefresh(key, isNeeded, FindObstacle);

    /// <summary>Admits no load any more, ends those that no call is made for, and waits for the calls in progress.</summary>
    /// <param name="aborting">Ends those calls too.</param>
    public async Task StopAsync(CancellationToken aborting)
    {
        _table.Close(LoadFailures.Stopping);
        _queue.Close();
        await _stopping.CancelAsync();
        await using var registration = aborting.UnsafeRegister(static pool => ((LoaderPool)pool!)._aborting.Cancel(), this);
        await _crew.CloseAsync();
    }

    /// <summary>Stops at once, with the calls in progress.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _crew.Dispose();
        Gate.Dispose();
        _table.Dispose();
        _gatherer.Dispose();
        await _source.DisposeAsync();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    private async Task WorkAsync()
    {
        while (await _gatherer.NextAsync(_crew, _stopping.Token) is { } group)
        {
            var beganAt = _crew.Begin();
            await _caller.CallAsync(group, _aborting.Token);
            _crew.End(beganAt);
        }
    }

    /// <summary>Why the origin cannot be called in time; null if it can. What could only wait until it has failed does not begin.</summary>
    public LoadResult.Failed? FindObstacle()
    {
        if (Gate.Breaker.OpenLeft is { } left)
            return LoadFailures.BreakerOpen(left);
        var pause = Gate.Tokens.PauseLeft;
        return pause >= _options.LoadTimeout ? LoadFailures.Paused(pause) : null;
    }
}
