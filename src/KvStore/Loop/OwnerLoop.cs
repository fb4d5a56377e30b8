namespace KvStore;

/// <summary>
/// The only writer. It drains the queue in batches, has the commit log decide each batch, waits until the snapshot shows
/// what was committed, and tells the callers; so whoever has an answer can read its write.
/// </summary>
/// <remarks>
/// What the queue buys over a lock is bounded admission, one flush for many writes, and a strict order; for writes to
/// memory alone a lock would be as fast. Nothing here but the log's work may take long: the loop is the one thing in the
/// store that more cores do not make faster. So callers validate, parse and copy before they submit, and continue on other
/// threads afterwards. It is a task of its own rather than a BackgroundService because that may skip its work when it is
/// stopped right after it was started, and admitted writes would wait for ever.
/// </remarks>
internal sealed class OwnerLoop(ICommitLog log, TransactionQueue queue, SnapshotPublisher publisher) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Any thread moves it, through Advance.
    private int _state = (int)StoreState.Created;

    // Why the loop is to end, when something else failed that the store needs.
    private volatile Exception? _failure;

    // The loop's own.
    private readonly List<PendingTransaction> _batch = [];
    private readonly List<Transaction> _transactions = [];

    public StoreState State => (StoreState)Volatile.Read(ref _state);

    public Task Loaded => _loaded.Task;

    public Task Completion => _completion.Task;

    public Task<Outcome> SubmitAsync(Transaction transaction)
    {
        if (State == StoreState.Running)
        {
            var pending = new PendingTransaction(transaction);
            if (queue.TryAdmit(pending))
                return pending.Task;
        }

        // The state is read again because the queue refuses when it is full and when it was closed a moment ago.
        return Task.FromResult<Outcome>(new Outcome.NotApplied(State switch
        {
            StoreState.Running => NotAppliedReason.QueueFull,
            StoreState.Created or StoreState.Loading => NotAppliedReason.Loading,
            StoreState.Failed => NotAppliedReason.Failed,
            _ => NotAppliedReason.Stopping,
        }));
    }

    /// <summary>Submits an operation of the store's own, which a full queue does not keep out. One at a time.</summary>
    public Task<Outcome> SubmitInternalAsync(Transaction transaction)
    {
        var pending = new PendingTransaction(transaction);
        return State == StoreState.Running && queue.TryAdmitInternal(pending)
            ? pending.Task
            : Task.FromResult<Outcome>(new Outcome.NotApplied(NotAppliedReason.Stopping));
    }

    public void Start()
    {
        if (Advance(StoreState.Loading) >= StoreState.Loading)
            return;

        // Without this the loop would carry the AsyncLocals of whoever started it, a request's perhaps, for ever.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(RunAsync);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Only the first one acts: a later one may come after Dispose.
        var before = Advance(StoreState.Stopping);
        if (before < StoreState.Stopping)
        {
            queue.Close();
            await _stopping.CancelAsync().ConfigureAwait(false);
            _cancelled.TrySetResult();
        }

        if (before == StoreState.Created)
            Finish();

        // For both, because the loop may end between the two steps above, and whoever waits here may dispose of the token next.
        await Task.WhenAll(_completion.Task, _cancelled.Task).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Something else threw that must not. Admits nothing more, decides what was admitted, and fails.</summary>
    public void Abort(Exception exception)
    {
        _failure = exception;
        AdvanceToFailed();
        queue.Close();
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await LoadAsync().ConfigureAwait(false);
            Advance(StoreState.Running);
            _loaded.TrySetResult();

            // No token here: the queue ends by being closed, when everything that was admitted is taken.
            while (await queue.WaitAsync().ConfigureAwait(false))
            {
                // This is the thread of whoever ended the wait. On a busy machine the requests that are on their way into the
                // queue go first, so that batches grow with load; where nothing else is to be done, nothing waits.
                if (ThreadPool.PendingWorkItemCount > 0)
                    await Task.Yield();
                while (queue.TryTake(_batch))
                    await CommitAndYieldAsync().ConfigureAwait(false);
            }

            if (_failure is { } failure)
                Fail(failure);
            else
                Finish();
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private async ValueTask LoadAsync()
    {
        try
        {
            await log.FollowAsync(publisher, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped while loading. The queue was closed before the token was cancelled and nothing was ever admitted, so
            // draining it ends at once. A cancellation that a commit throws is another matter: callers wait for it.
        }
    }

    // A log that never waits would keep the thread that was met here, a caller's perhaps, as long as others go on writing.
    private async ValueTask CommitAndYieldAsync()
    {
        var committing = CommitAsync();
        var isSameThread = committing.IsCompleted;
        await committing.ConfigureAwait(false);
        if (isSameThread && queue.Count > 0)
            await Task.Yield();
    }

    private async ValueTask CommitAsync()
    {
        _transactions.Clear();
        foreach (var pending in _batch)
            _transactions.Add(pending.Transaction);

        var outcomes = await log.CommitAsync(_transactions, CancellationToken.None).ConfigureAwait(false);
        if (outcomes.Length != _batch.Count)
            throw new InvalidOperationException($"The commit log answered {_batch.Count} operations with {outcomes.Length} outcomes.");

        // A log that shares one cluster with others may answer before it has handed the commit over.
        await publisher.WaitForRevisionAsync(LastCommitted(outcomes), CancellationToken.None).ConfigureAwait(false);

        for (var i = 0; i < outcomes.Length; i++)
        {
            queue.Release(_batch[i]);
            _batch[i].SetResult(outcomes[i]);
        }

        // So that the values of the last batch do not stay alive until the next one.
        _batch.Clear();
        _transactions.Clear();
    }

    private static long LastCommitted(Outcome[] outcomes)
    {
        var last = 0L;
        foreach (var outcome in outcomes)
        {
            if (outcome is Outcome.Committed committed)
                last = Math.Max(last, committed.Revision);
        }

        return last;
    }

    private void Finish()
    {
        Advance(StoreState.Stopped);
        _loaded.TrySetResult();
        _completion.TrySetResult();
    }

    /// <summary>Something threw that must not: never go on from what may be half a state.</summary>
    private void Fail(Exception exception)
    {
        AdvanceToFailed();
        queue.Close();
        foreach (var pending in _batch)
            Answer(pending, Outcome.Unknown.Instance);
        while (queue.TryTake(_batch))
        {
            foreach (var pending in _batch)
                Answer(pending, new Outcome.NotApplied(NotAppliedReason.Failed));
        }

        _loaded.TrySetResult();
        _completion.TrySetException(exception);

        void Answer(PendingTransaction pending, Outcome outcome)
        {
            if (pending.TrySetResult(outcome))
                queue.Release(pending);
        }
    }

    // A stop that comes later finds nothing to cancel.
    private void AdvanceToFailed()
    {
        if (Advance(StoreState.Failed) < StoreState.Stopping)
            _cancelled.TrySetResult();
    }

    /// <summary>Moves to a state, unless it or a later one was reached before. Returns the state that it met.</summary>
    private StoreState Advance(StoreState state)
    {
        while (true)
        {
            var met = Volatile.Read(ref _state);
            if (met >= (int)state || Interlocked.CompareExchange(ref _state, (int)state, met) == met)
                return (StoreState)met;
        }
    }
}
