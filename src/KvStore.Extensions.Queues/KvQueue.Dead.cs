using System.Runtime.CompilerServices;

namespace KvStore.Extensions.Queues;

public sealed partial class KvQueue
{
    // With their values, so that a page of large ones is not too large.
    private const int DeadPageJobs = 100;

    /// <summary>The dead letters, the oldest first. They stay until they are deleted or enqueued again.</summary>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async IAsyncEnumerable<KvDeadJob> ListDeadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? after = null;
        KvListPage page;
        do
        {
            page = await _client.ListPageAsync(_keys.Dead, DeadPageJobs, after, withValues: true, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (page.Entries.Count == 0)
                yield break;
            var reasons = await _client.GetManyAsync(page.Entries.Select(entry => _keys.ReasonOf(JobName.Of(entry.Key).Id)), cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var entry in page.Entries)
            {
                var job = JobName.Of(entry.Key);
                yield return new KvDeadJob(job.Id, job.Claims, reasons.GetValueOrDefault(_keys.ReasonOf(job.Id))?.Text ?? "", entry.ContentType, entry.Value, entry.ModifiedAt);
                after = entry.Key;
            }
        }
        while (page.HasMore);
    }

    /// <summary>Makes a dead letter a ready job again, with the same id, and its attempts counted from the first.</summary>
    /// <param name="id">The id of the job.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>Whether there was such a dead letter.</returns>
    public Task<bool> RequeueDeadAsync(string id, CancellationToken cancellationToken = default) =>
        ChangeDeadAsync(id, (transaction, key) => transaction.Move(key, _keys.ReadyOf(new JobName(id, 0))), cancellationToken);

    /// <summary>Deletes a dead letter.</summary>
    /// <param name="id">The id of the job.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>Whether there was such a dead letter.</returns>
    public Task<bool> DeleteDeadAsync(string id, CancellationToken cancellationToken = default) => ChangeDeadAsync(id, (transaction, key) => transaction.Delete(key), cancellationToken);

    private async Task<bool> ChangeDeadAsync(string id, Func<KvTransaction, string, KvTransaction> change, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var page = await _client.ListPageAsync($"{_keys.Dead}{id}.", 1, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (page.Entries is not [var entry])
            return false;
        try
        {
            await _client.TransactAsync(change(new KvTransaction().IfRevision(entry.Key, entry.Revision), entry.Key).Delete(_keys.ReasonOf(id)), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (KvPreconditionFailedException)
        {
            return false;
        }
    }
}

/// <summary>A job that was given up. Immutable.</summary>
/// <param name="Id">The id of the job.</param>
/// <param name="Attempts">How often it was attempted.</param>
/// <param name="Reason">Why it was given up.</param>
/// <param name="ContentType">The media type of the payload.</param>
/// <param name="Payload">The payload.</param>
/// <param name="DiedAt">When it was given up.</param>
public sealed record KvDeadJob(string Id, int Attempts, string Reason, string ContentType, ReadOnlyMemory<byte> Payload, DateTimeOffset? DiedAt);

/// <summary>How many jobs a queue has.</summary>
/// <param name="Ready">Jobs that can be claimed.</param>
/// <param name="Taken">Jobs that workers have.</param>
/// <param name="Delayed">Jobs that wait for their time.</param>
/// <param name="Dead">Dead letters.</param>
public readonly record struct KvQueueCounts(long Ready, long Taken, long Delayed, long Dead);
