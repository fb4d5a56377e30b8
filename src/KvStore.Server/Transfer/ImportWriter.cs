namespace KvStore.Server;

/// <summary>
/// Submits the operations of an import in order, some ahead of their outcomes, so that reading and committing overlap. When the
/// queue is full it waits, and so the client does. Belongs to one thread at a time.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="waitMax">How long it waits for room in the queue.</param>
/// <param name="time">The clock.</param>
internal sealed class ImportWriter(Store store, TimeSpan waitMax, TimeProvider time)
{
    private const int AheadMax = 16;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(10);

    private readonly Queue<Task<Outcome>> _ahead = new(AheadMax);

    /// <summary>The revision of the last commit; zero before the first.</summary>
    public long Revision { get; private set; }

    /// <summary>Submits an operation after those before it.</summary>
    /// <returns>Null, or the outcome that the import ends with.</returns>
    public async ValueTask<Outcome?> SubmitAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        if (_ahead.Count == AheadMax && await TakeOldestAsync() is { } failure)
            return failure;

        var startedAt = time.GetTimestamp();
        while (true)
        {
            var submitted = store.SubmitAsync(transaction);
            if (!submitted.IsCompleted || await submitted is not Outcome.NotApplied { Reason: NotAppliedReason.QueueFull } full)
            {
                _ahead.Enqueue(submitted);
                return null;
            }

            // Others fill the queue, or this import itself does: then there is room when its oldest operation is done.
            if (time.GetElapsedTime(startedAt) >= waitMax)
                return full;
            if (_ahead.Count == 0)
                await Task.Delay(RetryDelay, time, cancellationToken);
            else if (await TakeOldestAsync() is { } failed)
                return failed;
        }
    }

    /// <summary>Waits for what is ahead.</summary>
    /// <returns>Null, or the outcome that the import ends with.</returns>
    public async ValueTask<Outcome?> DrainAsync()
    {
        Outcome? first = null;
        while (_ahead.Count > 0)
        {
            var failure = await TakeOldestAsync();
            first ??= failure;
        }

        return first;
    }

    private async ValueTask<Outcome?> TakeOldestAsync()
    {
        var outcome = await _ahead.Dequeue();
        if (outcome is not Outcome.Committed committed)
            return outcome;
        Revision = committed.Revision;
        return null;
    }
}
