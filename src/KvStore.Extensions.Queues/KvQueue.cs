using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Extensions.Queues;

/// <summary>
/// A queue of jobs on a store. A job that was enqueued is executed at least once, as long as some worker lives, or is found among the dead letters. It is completed exactly once. Thread-safe.
/// </summary>
/// <remarks>
/// A lease cannot promise that a job is executed by one worker at a time: one may be paused for longer than its lease and continue where it was. What is promised is that the one that is late cannot
/// complete the job, and that nothing is written that goes through <see cref="KvJob.Guard"/>.
/// </remarks>
public sealed partial class KvQueue
{
    private readonly IKvStoreClient _client;
    private readonly KvQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly QueueKeys _keys;
    private readonly QueueSweeper _sweeper;
    private readonly ClaimCandidates _candidates = new();
    private readonly WakeDelay _wakeDelay = new();

    /// <summary>Creates it. The queue exists in the store as long as it has jobs.</summary>
    /// <param name="client">The client; it remains the caller's.</param>
    /// <param name="name">The name of the queue.</param>
    /// <param name="options">Leases, retries and prefix; null for the defaults.</param>
    /// <param name="time">The clock for delays, and by which a worker knows that its lease has ended; null for that of the system.</param>
    public KvQueue(IKvStoreClient client, string name, KvQueueOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(name);
        (_client, Name, _options, _time) = (client, name, options ?? new KvQueueOptions(), time ?? TimeProvider.System);
        _keys = new QueueKeys(_options.Prefix, name);
        _sweeper = new QueueSweeper(_client, _keys, _options, _time);
    }

    /// <summary>The name of the queue.</summary>
    public string Name { get; }

    /// <summary>Adds a job.</summary>
    /// <param name="payload">What is to be done; do not modify it before the call has ended.</param>
    /// <param name="contentType">The media type of the payload.</param>
    /// <param name="options">An idempotency key, and when the job may begin; null for neither.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <returns>The id of the job.</returns>
    /// <exception cref="KvStoreException">The store does not take the job; <see cref="KvStoreException.Outcome"/> says whether it may be in the queue all the same.</exception>
    public async Task<string> EnqueueAsync(
        ReadOnlyMemory<byte> payload, string contentType = "application/octet-stream", KvEnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        var prefix = options?.NotBefore is { } due ? _keys.DelayedUntil(due) : _keys.Ready;
        var key = await _client.AppendAsync(prefix, payload, contentType, new KvWriteOptions { IdempotencyKey = options?.IdempotencyKey }, cancellationToken).ConfigureAwait(false);
        return options?.NotBefore is null ? JobName.Of(key).Id : JobName.OfDelayed(key).Id;
    }

    /// <summary>Adds a job whose payload is text.</summary>
    /// <inheritdoc cref="EnqueueAsync(ReadOnlyMemory{byte}, string, KvEnqueueOptions?, CancellationToken)"/>
    public Task<string> EnqueueAsync(string payload, KvEnqueueOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(payload);
        return EnqueueAsync(Encoding.UTF8.GetBytes(payload), "text/plain; charset=utf-8", options, cancellationToken);
    }

    /// <summary>Adds a job whose payload is an object as JSON.</summary>
    /// <inheritdoc cref="EnqueueAsync(ReadOnlyMemory{byte}, string, KvEnqueueOptions?, CancellationToken)"/>
    /// <param name="payload">The object.</param>
    /// <param name="type">Its type, from a source-generated context.</param>
    /// <param name="options">An idempotency key, and when the job may begin; null for neither.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    public Task<string> EnqueueJsonAsync<T>(T payload, JsonTypeInfo<T> type, KvEnqueueOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueAsync(JsonSerializer.SerializeToUtf8Bytes(payload, type), "application/json", options, cancellationToken);

    /// <summary>Waits for a job, and claims it. Each job is claimed by one worker at a time.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The job: complete it, or it is abandoned when it is disposed of.</returns>
    /// <exception cref="KvStoreException">The store does not answer, or there is no right to the keys.</exception>
    public async Task<KvJob> ClaimAsync(CancellationToken cancellationToken = default)
    {
        var isWoken = false;
        while (true)
        {
            var (job, revision) = await ClaimOrFindNoneAsync(cancellationToken).ConfigureAwait(false);
            _wakeDelay.Note(isWoken, job is not null);
            if (job is not null)
                return job;
            isWoken = await WaitForJobAsync(revision, cancellationToken).ConfigureAwait(false);
            if (isWoken)
                await _wakeDelay.WaitAsync(_time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Claims a job if one is ready.</summary>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <returns>The job; null if none is ready.</returns>
    /// <exception cref="KvStoreException">The store does not answer, or there is no right to the keys.</exception>
    public async Task<KvJob?> TryClaimAsync(CancellationToken cancellationToken = default) => (await ClaimOrFindNoneAsync(cancellationToken).ConfigureAwait(false)).Job;

    /// <summary>How many jobs the queue has. Each number is of its own moment.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<KvQueueCounts> CountAsync(CancellationToken cancellationToken = default) => new(
        await _client.CountAsync(_keys.Ready, cancellationToken: cancellationToken).ConfigureAwait(false),
        await _client.CountAsync(_keys.Taken, cancellationToken: cancellationToken).ConfigureAwait(false),
        await _client.CountAsync(_keys.Delayed, cancellationToken: cancellationToken).ConfigureAwait(false),
        await _client.CountAsync(_keys.Dead, cancellationToken: cancellationToken).ConfigureAwait(false));

    /// <summary>Puts jobs back whose lease or delay has ended. For tests, which cannot wait for the interval.</summary>
    internal Task SweepAsync(CancellationToken cancellationToken) => _sweeper.SweepAsync(cancellationToken);

    // The job, or the revision of a state without one.
    private async Task<(KvJob? Job, KvRevision Revision)> ClaimOrFindNoneAsync(CancellationToken cancellationToken)
    {
        await _sweeper.SweepIfDueAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            while (_candidates.TryTake(out var candidate))
            {
                if (await TryClaimAsync(candidate, cancellationToken).ConfigureAwait(false) is { } job)
                    return (job, default);
                _candidates.Clear();
            }

            // Each attempt in vain is a job that another worker has got, so all together proceed.
            var page = await _client.ListPageAsync(_keys.Ready, _options.ClaimWindow, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (page.Entries.Count == 0)
                return (null, page.Revision);
            _candidates.Set(page.Entries);
        }
    }

    private async Task<KvJob?> TryClaimAsync(KvEntry ready, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var name = JobName.Of(ready.Key);
        var taken = name with { Claims = name.Claims + 1 };
        var transaction = new KvTransaction().IfRevision(ready.Key, ready.Revision).IfAbsent(_keys.LeaseOf(name.Id))
            .Get(ready.Key)
            .Move(ready.Key, _keys.TakenOf(taken))
            .Put(_keys.LeaseOf(name.Id), _options.Description, _options.LeaseTime);

        // The lease counts from before it was asked for, so it ends here before it ends in the store. Once it is asked for, a cancellation would leave a job that its worker does not
        // know of: it is waited for, though not for longer than the lease.
        var start = _time.GetTimestamp();
        using var limit = new CancellationTokenSource(_options.LeaseTime, _time);
        KvTransactionResult result;
        try
        {
            result = await _client.TransactAsync(transaction, limit.Token).ConfigureAwait(false);
        }
        catch (KvPreconditionFailedException)
        {
            return null;
        }
        catch (OperationCanceledException exception)
        {
            throw new KvStoreException($"The store did not answer within {_options.LeaseTime}.", null, KvOutcome.Unknown, exception);
        }

        var job = new KvJob(_client, _keys, _options, taken, result.Reads[0]!, result.Revision, start, _time);
        if (!cancellationToken.IsCancellationRequested)
            return job;
        await job.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
        throw new OperationCanceledException(cancellationToken);
    }

    // Until there is a new job, true, or it is time for the next sweep.
    private async Task<bool> WaitForJobAsync(KvRevision revision, CancellationToken cancellationToken)
    {
        using var interval = new CancellationTokenSource(_options.SweepInterval, _time);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, cancellationToken);
        try
        {
            await foreach (var watchEvent in _client.WatchPrefixAsync(_keys.Ready, new KvWatchOptions { After = revision, WithValues = false }, wait.Token).ConfigureAwait(false))
            {
                if (watchEvent is KvWatchEvent.Changed changed && changed.Changes.Any(change => change.Kind == KvChangeKind.Put))
                    return true;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The interval is over.
        }
        catch (KvRevisionGoneException)
        {
            // So much has changed meanwhile that the listing is out of date.
        }

        return false;
    }
}
