namespace KvStore.Server;

/// <summary>
/// Submits the transactions of an import in order, some before the outcomes of earlier ones, so that reading and committing overlap.
/// A full queue makes it wait, for at most <paramref name="waitMax"/>, and so throttles the client. Belongs to one thread at a time.
/// </summary>
internal sealed class ImportWriter(Store store, TimeSpan waitMax, TimeProvider time)
{
    // A small part of the queue, of which other writers need the rest. One transaction may have more.
    private const long AheadBytesMax = 2 << 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(10);

    private readonly Queue<Submitted> _ahead = new(ImportAhead.Most);
    private readonly ImportAhead _aheadMax = new();
    private long _aheadBytes;
    private bool _hasFailed;

    // Whether a batch is stored in part.
    private bool _isWithinBatch;

    /// <summary>The revision of the last commit; zero before the first.</summary>
    public long Revision { get; private set; }

    /// <summary>All lines up to this one are stored.</summary>
    public long StoredLine { get; private set; }

    /// <summary>Whether a line after <see cref="StoredLine"/> is stored or may be, of those whose outcome was waited for.</summary>
    public bool MayHaveMore { get => field || _isWithinBatch; private set; }

    /// <summary>Submits a transaction after the earlier ones.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="lastLine">The last line of its batch, if it is the last transaction of that; else null.</param>
    /// <param name="cancellationToken">Ends the wait for the queue.</param>
    /// <returns>Null, or the outcome that ends the import.</returns>
    public async ValueTask<Outcome?> SubmitAsync(Transaction transaction, long? lastLine, CancellationToken cancellationToken)
    {
        while (_ahead.Count >= _aheadMax.Max || (_ahead.Count > 0 && _aheadBytes + transaction.Bytes > AheadBytesMax))
        {
            if (await TakeOldestAsync() is { } failure)
                return failure;
        }

        var startedAt = time.GetTimestamp();
        while (true)
        {
            var submitted = store.SubmitAsync(transaction);
            if (!submitted.IsCompleted || await submitted is not Outcome.NotApplied { Reason: NotAppliedReason.QueueFull } full)
            {
                _ahead.Enqueue(new Submitted(submitted, transaction.Bytes, lastLine, time.GetTimestamp()));
                _aheadBytes += transaction.Bytes;
                return null;
            }

            // If this import itself fills the queue, there is room once its oldest transaction is committed.
            if (time.GetElapsedTime(startedAt) >= waitMax)
                return full;
            if (_ahead.Count == 0)
                await Task.Delay(RetryDelay, time, cancellationToken);
            else if (await TakeOldestAsync() is { } failed)
                return failed;
        }
    }

    /// <summary>Waits for all outcomes.</summary>
    /// <returns>Null, or the outcome that ends the import.</returns>
    public async ValueTask<Outcome?> WaitForAllAsync()
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
        var (submission, bytes, lastLine, submittedAt) = _ahead.Dequeue();
        _aheadBytes -= bytes;
        var hasWaited = !submission.IsCompleted;
        var outcome = await submission;
        if (outcome is not Outcome.Committed committed)
        {
            _hasFailed = true;
            MayHaveMore |= outcome is not (Outcome.NotApplied or Outcome.Rejected or Outcome.GuardsFailed);
            return outcome;
        }

        // One that was submitted before it was known that an earlier one failed.
        MayHaveMore |= _hasFailed;
        if (!_hasFailed)
            (StoredLine, _isWithinBatch) = (lastLine ?? StoredLine, lastLine is null);
        Revision = committed.Revision;
        _aheadMax.Record(committed.Revision, hasWaited ? time.GetElapsedTime(submittedAt) : null);
        return null;
    }

    private readonly record struct Submitted(Task<Outcome> Outcome, long Bytes, long? LastLine, long At);
}
