using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Extensions.Queues;

/// <summary>
/// A job that this worker has claimed, until it is completed, abandoned, rejected, released or lost. Its lease is renewed in the background. Thread-safe.
/// </summary>
public sealed class KvJob : IAsyncDisposable
{
    private const int ReasonCharsMax = 1000;

    private readonly IKvStoreClient _client;
    private readonly QueueKeys _keys;
    private readonly KvQueueOptions _options;
    private readonly JobName _name;
    private readonly KvRevision _fence;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _renewing;

    // Held while the job is renewed or settled: a renewal that came between a settlement and its answer would find the job gone, and take it for lost.
    private readonly SemaphoreSlim _gate = new(1);

    // When the lease began that is known to be in the store; read by any thread.
    private long _leasedAt;
    private volatile bool _isSettled;

    internal KvJob(IKvStoreClient client, QueueKeys keys, KvQueueOptions options, JobName name, KvEntry entry, KvRevision fence, long leasedAt, TimeProvider time)
    {
        (_client, _keys, _options, _name, _fence, _leasedAt, _time) = (client, keys, options, name, fence, leasedAt, time);
        (Payload, ContentType) = (entry.Value, entry.ContentType);
        Lost = _lost.Token;
        _renewing = RenewAsync();
    }

    /// <summary>The id of the job, the same for each attempt: a good idempotency key for what the job does elsewhere.</summary>
    public string Id => _name.Id;

    /// <summary>The number of this attempt; the first one is 1.</summary>
    public int Attempt => _name.Claims;

    /// <summary>The payload, byte for byte.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The media type of the payload.</summary>
    public string ContentType { get; }

    /// <summary>The payload as text in UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>A number that is larger than that of every earlier attempt of this job. Pass it to other systems, which reject requests with a smaller one than they have seen for the job.</summary>
    public long FencingToken => _fence.Number;

    /// <summary>Cancelled when the job is lost, or may be: its lease could not be renewed until it ended, or another worker has the job. Not when it is settled.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether it was completed, abandoned, rejected or released.</summary>
    public bool IsSettled => _isSettled;

    private TimeSpan Left => _options.LeaseTime - _time.GetElapsedTime(Volatile.Read(ref _leasedAt));

    /// <summary>The payload as JSON.</summary>
    /// <param name="type">The type, from a source-generated context.</param>
    /// <exception cref="JsonException">The payload is not JSON of that type.</exception>
    public T? As<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Payload.Span, type);

    /// <summary>Adds a guard to a transaction: it is committed only if this worker still has the job, at the moment of the commit.</summary>
    /// <param name="transaction">What to write in the course of the job.</param>
    /// <returns>The same transaction, to be sent with <see cref="IKvStoreClient.TransactAsync"/>.</returns>
    public KvTransaction Guard(KvTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return transaction.IfRevision(_keys.TakenOf(_name), _fence);
    }

    /// <summary>The job is done: removes it from the queue.</summary>
    /// <param name="results">What to write in the same commit, exactly once; null for nothing.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">Another worker has the job, or a guard of <paramref name="results"/> failed. Nothing was written.</exception>
    /// <exception cref="KvStoreException">The store does not answer; the job may be executed again.</exception>
    public Task CompleteAsync(KvTransaction? results = null, CancellationToken cancellationToken = default) => SettleAsync((results ?? new KvTransaction()).Delete(_keys.TakenOf(_name)), cancellationToken);

    /// <summary>The job has failed: it is ready again after a delay, or goes to the dead letters after the last attempt.</summary>
    /// <param name="reason">Why, for the dead letters.</param>
    /// <param name="delay">The delay; null for <see cref="KvQueueOptions.RetryDelay"/>, which doubles with each attempt.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">Another worker has the job.</exception>
    public Task AbandonAsync(string? reason = null, TimeSpan? delay = null, CancellationToken cancellationToken = default)
    {
        if (_name.Claims >= _options.ClaimsMax)
            return RejectAsync(reason ?? "It was abandoned after its last attempt.", cancellationToken);
        var due = _time.GetUtcNow() + (delay ?? _options.DelayAfter(_name.Claims));
        return SettleAsync(new KvTransaction().Move(_keys.TakenOf(_name), delay <= TimeSpan.Zero ? _keys.ReadyOf(_name) : _keys.DelayedUntil(due) + _name), cancellationToken);
    }

    /// <summary>The job can never be done: it goes to the dead letters at once.</summary>
    /// <param name="reason">Why. Stored up to 1,000 characters.</param>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">Another worker has the job.</exception>
    public Task RejectAsync(string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return SettleAsync(new KvTransaction().Move(_keys.TakenOf(_name), _keys.DeadOf(_name)).Put(_keys.ReasonOf(_name.Id), Storable(reason)), cancellationToken);
    }

    /// <summary>The worker stops, and the job has not failed: it is ready again at once, and the attempt does not count.</summary>
    /// <param name="cancellationToken">Cancels the call; the outcome is then unknown.</param>
    /// <exception cref="KvPreconditionFailedException">Another worker has the job.</exception>
    public Task ReleaseAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(new KvTransaction().Move(_keys.TakenOf(_name), _keys.ReadyOf(_name with { Claims = _name.Claims - 1 })), cancellationToken);

    /// <summary>Abandons the job unless it is settled. If the store does not answer, the job is ready again when its lease has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isSettled && !_lost.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(_options.LeaseTime, _time);
            try
            {
                await AbandonAsync(cancellationToken: limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is KvStoreException or OperationCanceledException or ObjectDisposedException)
            {
                // A sweep returns it.
            }
        }

        await StopRenewingAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the renewal, as the end of the process would.</summary>
    internal async Task StopRenewingAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
    }

    // The taken entry is written by nothing but the claim, so its revision stays for as long as the job is this worker's, whatever becomes of the lease.
    private async Task SettleAsync(KvTransaction transaction, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isSettled)
                throw new InvalidOperationException("The job is settled.");
            await _client.TransactAsync(Guard(transaction).Delete(_keys.LeaseOf(_name.Id)), cancellationToken).ConfigureAwait(false);
            _isSettled = true;
        }
        catch (KvPreconditionFailedException failure) when (failure.Failed.Any(guard => guard.Key == _keys.TakenOf(_name)))
        {
            await _lost.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _gate.Release();
        }

        await _ending.CancelAsync().ConfigureAwait(false);
    }

    private async Task RenewAsync()
    {
        var pause = _options.LeaseTime / 3;
        while (Left > TimeSpan.Zero)
        {
            try
            {
                await Task.Delay(Shorter(pause, Left), _time, _ending.Token).ConfigureAwait(false);
                using var lease = new CancellationTokenSource(Shorter(Left, _options.LeaseTime), _time);
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(lease.Token, _ending.Token);
                if (!await TryRenewAsync(ending.Token).ConfigureAwait(false))
                    break;
                pause = _options.LeaseTime / 3;
            }
            catch (Exception exception) when (exception is KvStoreException or OperationCanceledException or ObjectDisposedException)
            {
                // Settled; or the store was not reached, which is tried again for as long as the lease lasts.
                if (_ending.IsCancellationRequested)
                    return;
                pause = _options.LeaseTime / 12;
            }
        }

        if (!_isSettled)
            await _lost.CancelAsync().ConfigureAwait(false);
    }

    // False if another worker has the job. A lease that has ended is made anew, if no other worker has noticed.
    private async Task<bool> TryRenewAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isSettled)
                return true;
            var start = _time.GetTimestamp();
            await _client.TransactAsync(Guard(new KvTransaction().Put(_keys.LeaseOf(_name.Id), _options.Description, _options.LeaseTime)), cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _leasedAt, start);
            return true;
        }
        catch (Exception exception) when (exception is KvPreconditionFailedException or KvRevisionGoneException)
        {
            return false;
        }
        finally
        {
            _gate.Release();
        }
    }

    // What is cut between the halves of a surrogate pair cannot be stored.
    private static string Storable(string reason)
    {
        var cut = reason.Length > ReasonCharsMax ? reason[..ReasonCharsMax] : reason;
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(cut));
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other)
    {
        var shorter = one < other ? one : other;
        return shorter > TimeSpan.Zero ? shorter : TimeSpan.Zero;
    }
}
