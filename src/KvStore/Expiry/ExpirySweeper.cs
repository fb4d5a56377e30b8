namespace KvStore;

/// <summary>
/// Submits deletions of expired entries to the owner loop. A sweep every <see cref="StoreOptions.ExpiryInterval"/> finds what
/// is due; its cost does not depend on the number of entries that are not.
/// </summary>
internal sealed class ExpirySweeper : IDisposable
{
    private readonly OwnerLoop _loop;
    private readonly ExpirySchedule _schedule;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly List<Entry> _due = [];
    private int _isBusy;

    public ExpirySweeper(OwnerLoop loop, ExpirySchedule schedule, StoreOptions options, TimeProvider time)
    {
        (_loop, _schedule, _options, _time) = (loop, schedule, options, time);

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
            while (_loop.State == StoreState.Running && await ExpireAsync().ConfigureAwait(false))
            {
                // One batch at a time, so that other writes go between them.
            }
        }
        catch (Exception exception)
        {
            // The task is not awaited. A store that continued without it would keep expired entries for ever.
            _loop.Abort(exception);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    // False when nothing is due, or the commit was not made.
    private async ValueTask<bool> ExpireAsync()
    {
        _due.Clear();
        _schedule.FindDue(_time.GetUtcNow().ToUnixTimeMilliseconds(), _options.BatchOperationsMax, _due);
        if (_due.Count == 0)
            return false;
        var transaction = new Transaction([], [.. _due.Select(Operation (entry) => new Expire(entry.Key, entry.Revision))]);
        _due.Clear();
        return await _loop.SubmitInternalAsync(transaction).ConfigureAwait(false) is Outcome.Committed;
    }
}
