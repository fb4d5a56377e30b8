namespace KvStore;

/// <summary>
/// Submits deletions of expired entries. A sweep every <see cref="StoreOptions.ExpiryInterval"/> finds what
/// is due; its cost does not depend on the number of entries that are not.
/// </summary>
/// <remarks>
/// Of several nodes with the same commits, each would delete the same entries. The first one does; the others look whether it does, and each one only begins if
/// the first entry is late by an interval more than the node before it would let it be, and has been the first one since the last look.
/// </remarks>
internal sealed class ExpirySweeper : IDisposable
{
    // About a millisecond of work, for which a commit may have to wait.
    private const int PurgedMax = 1000;

    // Leaves the lock to the commits that wait for it.
    private static readonly TimeSpan PurgeRest = TimeSpan.FromMilliseconds(1);

    // Two nodes may be away at once; the others begin together then.
    private const int RankMax = 2;

    // Until the deletions of another node have arrived here.
    private static readonly TimeSpan ArrivalMax = TimeSpan.FromMilliseconds(100);

    private readonly ExpirySchedule _schedule;
    private readonly StoreOptions _options;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Func<int> _rank;
    private readonly Func<Transaction, Task<Outcome>> _submit;
    private readonly Action<Exception> _failed;
    private readonly ITimer _timer;
    private readonly List<Entry> _due = [];
    private Entry? _first;
    private int _isBusy;

    /// <param name="schedule">The entries that expire.</param>
    /// <param name="options">The limits.</param>
    /// <param name="metrics">Counts the deleted entries.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rank">The place of this node among those that have the same commits.</param>
    /// <param name="submit">Submits a transaction, also to a full queue.</param>
    /// <param name="failed">Receives an exception that ends the store.</param>
    public ExpirySweeper(ExpirySchedule schedule, StoreOptions options, StoreMetrics metrics, TimeProvider time, Func<int> rank, Func<Transaction, Task<Outcome>> submit, Action<Exception> failed)
    {
        (_schedule, _options, _metrics, _time, _rank, _submit, _failed) = (schedule, options, metrics, time, rank, submit, failed);

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
            var leeway = Math.Min(_rank(), RankMax) * (_options.ExpiryInterval + ArrivalMax);
            var leaves = leeway > TimeSpan.Zero && IsFirstNew(leeway);
            bool isPurging;
            do
            {
                isPurging = _schedule.Purge(PurgedMax);
                if (isPurging)
                    await Task.Delay(PurgeRest, _time).ConfigureAwait(false);
            }
            while ((!leaves && await ExpireAsync(leeway).ConfigureAwait(false)) || isPurging);
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

    // Another node is at work as long as what is due changes.
    private bool IsFirstNew(TimeSpan leeway)
    {
        FindDue(TimeSpan.Zero, 1);
        var before = _first;
        _first = _due.Count > 0 ? _due[0] : null;
        FindDue(leeway, 1);
        return _due.Count == 0 || _due[0] != before;
    }

    private void FindDue(TimeSpan leeway, int entriesMax)
    {
        _due.Clear();
        _schedule.FindDue((_time.GetUtcNow() - leeway).ToUnixTimeMilliseconds(), entriesMax, _due);
    }

    // False when nothing is due, or the commit was not made, or another node was first.
    private async ValueTask<bool> ExpireAsync(TimeSpan leeway)
    {
        FindDue(leeway, _options.BatchOperationsMax);
        if (_due.Count == 0)
            return false;
        Trim();
        var transaction = new Transaction([], [.. _due.Select(Operation (entry) => new Expire(entry.Key, entry.Revision))]);
        _due.Clear();
        if (await _submit(transaction).ConfigureAwait(false) is not Outcome.Committed committed)
            return false;
        var expired = committed.Commit?.Changes.Length ?? 0;
        _metrics.RecordExpired(expired);
        return expired > 0 || leeway == TimeSpan.Zero;
    }
}
