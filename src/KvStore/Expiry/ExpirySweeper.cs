namespace KvStore;

/// <summary>
/// Submits deletions of expired entries. A sweep every <see cref="StoreOptions.ExpiryInterval"/> finds what
/// is due; its cost does not depend on the number of entries that are not.
/// </summary>
internal sealed class ExpirySweeper : IDisposable
{
    // About a millisecond of work, for which a commit may have to wait.
    private const int PurgedMax = 1000;

    // Leaves the lock to the commits that wait for it.
    private static readonly TimeSpan PurgeRest = TimeSpan.FromMilliseconds(1);

    private readonly ExpirySchedule _schedule;
    private readonly StoreOptions _options;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Func<Transaction, Task<Outcome>> _submit;
    private readonly Action<Exception> _failed;
    private readonly ITimer _timer;
    private readonly List<Entry> _due = [];
    private int _isBusy;

    /// <param name="schedule">The entries that expire.</param>
    /// <param name="options">The limits.</param>
    /// <param name="metrics">Counts the deleted entries.</param>
    /// <param name="time">The clock.</param>
    /// <param name="submit">Submits a transaction, also to a full queue.</param>
    /// <param name="failed">Receives an exception that ends the store.</param>
    public ExpirySweeper(ExpirySchedule schedule, StoreOptions options, StoreMetrics metrics, TimeProvider time, Func<Transaction, Task<Outcome>> submit, Action<Exception> failed)
    {
        (_schedule, _options, _metrics, _time, _submit, _failed) = (schedule, options, metrics, time, submit, failed);

        // At fixed intervals rather than at the next deadline: deadlines follow the wall clock, which may be set.
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(_ => _ = SweepAsync(), null, options.ExpiryInterval, options.ExpiryInterval);
    }

    public void Dispose() => _timer.Dispose();

    private async Task SweepAsync()
    {
        // A sweep that runs still has the entries that this one would find.
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
            return;
        try
        {
            // One batch at a time, so that other writes go between them. Entries that are not purged yet may be among the due ones: they
            // change nothing, and are found again until they are purged.
            bool isPurging;
            do
            {
                isPurging = _schedule.Purge(PurgedMax);
                if (isPurging)
                    await Task.Delay(PurgeRest, _time).ConfigureAwait(false);
            }
            while (await ExpireAsync().ConfigureAwait(false) || isPurging);
        }
        catch (OutOfMemoryException)
        {
            // Nothing is half done: the next sweep finds the same entries.
        }
        catch (Exception exception)
        {
            // The task is not awaited. A store that continued without it would keep expired entries forever.
            _failed(exception);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    // The history retains what is deleted, so a sweep is bounded by bytes like a batch of writes.
    private void Trim()
    {
        var (count, bytes) = (0, 0L);
        while (count < _due.Count && (count == 0 || bytes + _due[count].Bytes <= _options.BatchBytesMax))
            bytes += _due[count++].Bytes;
        _due.RemoveRange(count, _due.Count - count);
    }

    // False when nothing is due, or the commit was not made.
    private async ValueTask<bool> ExpireAsync()
    {
        _due.Clear();
        _schedule.FindDue(_time.GetUtcNow().ToUnixTimeMilliseconds(), _options.BatchOperationsMax, _due);
        if (_due.Count == 0)
            return false;
        Trim();
        var transaction = new Transaction([], [.. _due.Select(Operation (entry) => new Expire(entry.Key, entry.Revision))]);
        _due.Clear();
        if (await _submit(transaction).ConfigureAwait(false) is not Outcome.Committed committed)
            return false;
        _metrics.RecordExpired(committed.Commit?.Changes.Length ?? 0);
        return true;
    }
}
