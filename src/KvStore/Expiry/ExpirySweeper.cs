namespace KvStore;

/// <summary>
/// Has the owner loop delete entries whose time has come. An entry that is due is found within
/// <see cref="StoreOptions.ExpiryInterval"/>; looking for one costs the same however many are not due.
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

        // Often and at fixed intervals, rather than once at the next deadline: deadlines follow the wall clock, which may be set.
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(_ => _ = SweepAsync(), null, options.ExpiryInterval, options.ExpiryInterval);
    }

    public void Dispose() => _timer.Dispose();

    private async Task SweepAsync()
    {
        // What is due and is not yet deleted would only be found again.
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
            return;
        try
        {
            while (_loop.State == StoreState.Running && await ExpireAsync().ConfigureAwait(false))
            {
                // As long as there is more.
            }
        }
        catch (Exception exception)
        {
            // Nobody waits for this task: without an end of the store, entries would stay for ever and nobody would know why.
            _loop.Abort(exception);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    // False when nothing is due, or nothing can be committed now.
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
