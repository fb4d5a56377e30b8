namespace KvStore;

/// <summary>
/// The only writer. It takes batches from the queue, has the commit log commit each, waits until the snapshot includes
/// its commits, and completes the callers: a caller that has its outcome can read its write.
/// </summary>
/// <remarks>
/// The queue buys bounded admission, one flush for many writes, and a strict order; for writes to memory alone a lock would be
/// as fast. Only the log may take long here: the loop is the one part of the store that does not scale with cores.
/// Therefore callers validate, parse and copy before they submit, and continue on other threads afterwards. It is not a
/// BackgroundService because one that is stopped right after its start may never run, and admitted writes would wait forever.
/// </remarks>
internal sealed class OwnerLoop(ICommitLog log, TransactionQueue queue, SnapshotPublisher publisher, CommitDelivery delivery) : IDisposable
{
    // Much more than a switch of threads takes (see TransactionCost.TransactionWork). An import reads on meanwhile.
    private const long CallersWorkMax = 64 << 10;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Any thread, through Advance.
    private int _state = (int)StoreState.Created;

    // Why the loop must end: another part of the store has failed.
    private volatile Exception? _failure;

    // Owned by the loop.
    private readonly List<PendingTransaction> _batch = [];
    private readonly List<PendingTransaction> _late = [];
    private readonly List<Transaction> _transactions = [];
    private readonly NextBatch _next = new();
    private readonly Answers _answers = new();

    public StoreState State => (StoreState)Volatile.Read(ref _state);

    public Task Loaded => _loaded.Task;

    public Task Completion => _completion.Task;

    public Task<Outcome> SubmitAsync(Transaction transaction)
    {
        var outcome = new OutcomeTask(transaction.ContinuesInline);
        Submit(transaction, outcome);
        return outcome.Task;
    }

    public void Submit(Transaction transaction, IOutcomeReceiver receiver)
    {
        Outcome? rejected = null;
        if (State == StoreState.Running)
        {
            var latest = publisher.Latest;
            var cost = transaction.CostIn(latest);
            if (!queue.HasRoomFor(transaction, cost))
                rejected = new Outcome.Rejected(latest.Revision, RejectionReason.TransactionTooLarge, null);
            else if (queue.TryAdmit(new PendingTransaction(transaction, cost, receiver)))
                return;
        }

        // The state is read again because the queue rejects both when it is full and when it has just been closed.
        receiver.Receive(rejected ?? new Outcome.NotApplied(State switch
        {
            StoreState.Running => NotAppliedReason.QueueFull,
            StoreState.Created or StoreState.Loading => log.Connection?.UnreachableSince is null ? NotAppliedReason.Loading : NotAppliedReason.Unreachable,
            StoreState.Failed => NotAppliedReason.Failed,
            _ => NotAppliedReason.Stopping,
        })
        { RetryAfter = queue.EstimatedWait });
    }

    /// <summary>Submits a transaction of the store's own, which a full queue does not reject. One at a time.</summary>
    public Task<Outcome> SubmitInternalAsync(Transaction transaction)
    {
        var outcome = new OutcomeTask(transaction.ContinuesInline);
        return State == StoreState.Running && queue.TryAdmitInternal(new PendingTransaction(transaction, transaction.CostIn(publisher.Latest), outcome))
            ? outcome.Task
            : Task.FromResult<Outcome>(new Outcome.NotApplied(NotAppliedReason.Stopping));
    }

    public void Start()
    {
        if (Advance(StoreState.Loading) >= StoreState.Loading)
            return;

        // Otherwise the loop would keep the AsyncLocals of its starter forever.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(RunAsync);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Only the first call acts: a later one may come after Dispose.
        var before = Advance(StoreState.Stopping);
        if (before < StoreState.Stopping)
        {
            queue.Close();
            await _stopping.CancelAsync().ConfigureAwait(false);
            _cancelled.TrySetResult();
        }

        if (before == StoreState.Created)
            Finish();

        // Both, because the loop may end between the two steps above, and the caller of StopAsync may then dispose _stopping.
        await Task.WhenAll(_completion.Task, _cancelled.Task).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // The caller waits no longer. On one node the log pays no attention, because its disk answers or fails.
        if (cancellationToken.IsCancellationRequested)
            delivery.Hurry();
    }

    /// <summary>Another part of the store has failed: admits nothing more, completes what was admitted, and fails.</summary>
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

            // No token: the loop ends when the queue is closed and everything admitted is taken.
            var leaves = false;
            while (await _next.After(queue.WaitAsync(), leaves, _answers.TakeRest()))
            {
                // This may be the thread of the caller that ended the wait. Under load, yield to the requests that are on their
                // way into the queue, so that batches grow; on an idle machine nothing waits. Much work is left to a thread that no caller waits for.
                if (_next.HasWaited && (CallerAnswers.AreRunning || ThreadPool.PendingWorkItemCount > 0 || queue.Work > CallersWorkMax))
                    await Task.Yield();
                await log.GatherAsync(queue.Count).ConfigureAwait(false);
                leaves = false;
                if (!queue.TryTake(_batch, _late))
                    continue;

                // A log that never waits would otherwise keep the current thread, perhaps a caller's, as long as others write.
                var committing = CommitAsync();
                leaves = committing.IsCompleted;
                await committing.ConfigureAwait(false);
            }

            await _answers.EndAsync().ConfigureAwait(false);
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
            // Stopped while loading: the queue was closed before the token was cancelled, and nothing was ever admitted. A
            // cancellation that a commit throws is not caught: callers wait for it.
        }
    }

    private async ValueTask CommitAsync()
    {
        // Before their work: a client that no longer waits would have it done for nothing, while others wait for it.
        if (_late.Count > 0)
            End(_late, new Outcome.NotApplied(NotAppliedReason.WaitedTooLong) { RetryAfter = queue.EstimatedWait });
        _late.Clear();
        if (_batch.Count == 0)
            return;
        foreach (var pending in _batch)
            _transactions.Add(pending.Transaction);

        using var span = CommitSpans.Begin(_batch);
        var outcomes = await log.CommitAsync(_transactions, delivery.Hurried).ConfigureAwait(false);
        if (outcomes.Length != _batch.Count)
            throw new InvalidOperationException($"The commit log answered {_batch.Count} operations with {outcomes.Length} outcomes.");

        await delivery.WaitAsync(outcomes).ConfigureAwait(false);

        queue.Complete(_batch);
        _answers.Give(_batch, outcomes);

        // Do not keep the values of this batch alive until the next one.
        _batch.Clear();
        _transactions.Clear();
    }

    private void Finish()
    {
        Advance(StoreState.Stopped);
        _loaded.TrySetResult();
        _completion.TrySetResult();
    }

    /// <summary>An exception here is a bug: never continue from what may be half a state.</summary>
    private void Fail(Exception exception)
    {
        AdvanceToFailed();
        queue.Close();
        End(_batch, Outcome.Unknown.Instance);
        while (queue.TryTake(_batch, _late))
        {
            End(_batch, new Outcome.NotApplied(NotAppliedReason.Failed));
            End(_late, new Outcome.NotApplied(NotAppliedReason.Failed));
        }

        _loaded.TrySetResult();
        _completion.TrySetException(exception);
    }

    private void End(List<PendingTransaction> pending, Outcome outcome)
    {
        // All are released before the first of them has its outcome.
        if (pending is [{ HasOutcome: false }, ..])
            queue.Release(pending);
        _answers.Give(pending, outcome);
    }

    // A later stop finds nothing to cancel.
    private void AdvanceToFailed()
    {
        if (Advance(StoreState.Failed) < StoreState.Stopping)
            _cancelled.TrySetResult();
    }

    /// <summary>Moves to a state, unless it or a later one is reached already. Returns the state before.</summary>
    private StoreState Advance(StoreState state)
    {
        while (true)
        {
            var before = Volatile.Read(ref _state);
            if (before >= (int)state || Interlocked.CompareExchange(ref _state, (int)state, before) == before)
                return (StoreState)before;
        }
    }
}
