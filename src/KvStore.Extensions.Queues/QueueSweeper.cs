namespace KvStore.Extensions.Queues;

/// <summary>
/// Puts jobs back among the ready ones: those of workers whose lease has ended, and those whose delay is over. If two workers do it at once, each job is
/// moved once, because every move has the state that it was decided by as its guard.
/// </summary>
internal sealed class QueueSweeper(IKvStoreClient client, QueueKeys keys, KvQueueOptions options, TimeProvider time)
{
    // A page of delayed jobs: what is due is at its beginning.
    private const int PageJobs = 100;
    private const string LostReason = "The lease of its last worker ended.";

    private long _sweptAt = time.GetTimestamp() - (long)(options.SweepInterval.TotalSeconds * time.TimestampFrequency);

    /// <summary>Sweeps if the interval is over, and no other worker has begun to since.</summary>
    public async Task SweepIfDueAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _sweptAt);
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(last, now) < options.SweepInterval || Interlocked.CompareExchange(ref _sweptAt, now, last) != last || !await MayHaveWorkAsync(cancellationToken).ConfigureAwait(false))
            return;
        try
        {
            var once = new KvWriteOptions { IfAbsent = true, TimeToLive = options.SweepInterval };
            await client.PutAsync(keys.Sweep, options.Description, once, cancellationToken).ConfigureAwait(false);
        }
        catch (KvPreconditionFailedException)
        {
            return;
        }

        await SweepAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sweeps now.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        await ReturnLostAsync(cancellationToken).ConfigureAwait(false);
        await ReturnDueAsync(cancellationToken).ConfigureAwait(false);
    }

    // So that an idle queue costs reads only.
    private async Task<bool> MayHaveWorkAsync(CancellationToken cancellationToken)
    {
        var delayed = await client.ListPageAsync(keys.Delayed, 1, cancellationToken: cancellationToken).ConfigureAwait(false);
        return delayed.Entries.Any(IsDue) || (await client.ListPageAsync(keys.Taken, 1, cancellationToken: cancellationToken).ConfigureAwait(false)).Entries.Count > 0;
    }

    private async Task ReturnLostAsync(CancellationToken cancellationToken)
    {
        var leased = new HashSet<string>();
        await foreach (var lease in client.ListAsync(keys.Leases, cancellationToken: cancellationToken).ConfigureAwait(false))
            leased.Add(JobName.Of(lease.Key).Id);
        await foreach (var taken in client.ListAsync(keys.Taken, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            var job = JobName.Of(taken.Key);
            if (leased.Contains(job.Id))
                continue;

            // The guard of the lease is needed because the two listings are of two moments: a job that was claimed between them has a lease that the first one does not show.
            var transaction = new KvTransaction().IfRevision(taken.Key, taken.Revision).IfAbsent(keys.LeaseOf(job.Id));
            await TryAsync(job.Claims < options.ClaimsMax ? transaction.Move(taken.Key, keys.ReadyOf(job)) : transaction.Move(taken.Key, keys.DeadOf(job)).Put(keys.ReasonOf(job.Id), LostReason), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReturnDueAsync(CancellationToken cancellationToken)
    {
        KvListPage page;
        do
        {
            page = await client.ListPageAsync(keys.Delayed, PageJobs, cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var delayed in page.Entries.TakeWhile(IsDue))
                await TryAsync(new KvTransaction().IfRevision(delayed.Key, delayed.Revision).Move(delayed.Key, keys.ReadyOf(JobName.OfDelayed(delayed.Key))), cancellationToken).ConfigureAwait(false);
        }
        while (page.HasMore && page.Entries.All(IsDue));
    }

    private bool IsDue(KvEntry delayed) => QueueKeys.DueOf(delayed.Key) <= time.GetUtcNow();

    private async Task TryAsync(KvTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            await client.TransactAsync(transaction, cancellationToken).ConfigureAwait(false);
        }
        catch (KvPreconditionFailedException)
        {
            // Another worker was faster.
        }
    }
}
