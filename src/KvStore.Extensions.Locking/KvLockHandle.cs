namespace KvStore.Extensions.Locking;

/// <summary>
/// A lock, or a permit of a semaphore, that is held until it is disposed of or lost. It is renewed in the background. Thread-safe.
/// </summary>
public sealed class KvLockHandle : IAsyncDisposable
{
    private readonly IKvStoreClient _client;
    private readonly LockKeys _keys;
    private readonly string _id;
    private readonly KvRevision _fence;
    private readonly TimeSpan _leaseTime;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _renewing;

    // Of the task that renews it; of DisposeAsync after that task has ended.
    private KvRevision _revision;

    // When the lease began that is known to be in the store; read by any thread.
    private long _leasedAt;
    private int _isDisposed;

    internal KvLockHandle(IKvStoreClient client, string name, int slot, LockKeys keys, string id, KvRevision fence, TimeSpan leaseTime, long leasedAt, TimeProvider time)
    {
        (_client, Name, Slot, _keys, _id) = (client, name, slot, keys, id);
        (_fence, _revision, _leaseTime, _leasedAt, _time) = (fence, fence, leaseTime, leasedAt, time);
        Lost = _lost.Token;
        _renewing = RenewAsync();
    }

    /// <summary>The name of the lock or semaphore.</summary>
    public string Name { get; }

    /// <summary>The number of the permit; 0 for a lock.</summary>
    public int Slot { get; }

    /// <summary>A number that is larger than that of every holder of this permit before. Pass it with each request to another system, which rejects those with a smaller one than it has seen.</summary>
    public long FencingToken => _fence.Number;

    /// <summary>Cancelled when the lock is lost, or may be: it was deleted or taken, or could not be renewed until its lease ended. Not when it is disposed of.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether the lease lasts, by the clock of this process, which counts on while the process is paused. The next instruction may be executed after it has ended, so writes need <see cref="Guard"/>.</summary>
    public bool IsHeld => Volatile.Read(ref _isDisposed) == 0 && !_lost.IsCancellationRequested && Left > TimeSpan.Zero;

    private TimeSpan Left => _leaseTime - _time.GetElapsedTime(Volatile.Read(ref _leasedAt));

    /// <summary>Adds a guard to a transaction: it is committed only if no other holder has followed this one. At the moment of the commit, not before it.</summary>
    /// <param name="transaction">What to write.</param>
    /// <returns>The same transaction, to be sent with <see cref="IKvStoreClient.TransactAsync"/>, which throws <see cref="KvPreconditionFailedException"/> if another holder has followed.</returns>
    public KvTransaction Guard(KvTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return transaction.IfRevision(_keys.Fence, _fence);
    }

    /// <summary>Releases the lock. If the store does not answer, the lock ends with its lease.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _ending.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        if (_lost.IsCancellationRequested)
            return;
        using var limit = new CancellationTokenSource(_leaseTime, _time);
        try
        {
            // Twice: a renewal that was cancelled may have been made, and has then changed the revision.
            if (!await TryDeleteAsync(limit.Token).ConfigureAwait(false) && await IsStillMineAsync(limit.Token).ConfigureAwait(false))
                await TryDeleteAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KvStoreException or OperationCanceledException or ObjectDisposedException)
        {
            // The store deletes it when the lease has ended.
        }
    }

    private async Task RenewAsync()
    {
        var pause = _leaseTime / 3;
        while (Left > TimeSpan.Zero)
        {
            try
            {
                await Task.Delay(Shorter(pause, Left), _time, _ending.Token).ConfigureAwait(false);
                using var lease = new CancellationTokenSource(Shorter(Left, _leaseTime), _time);
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(lease.Token, _ending.Token);
                if (!await TryRenewAsync(ending.Token).ConfigureAwait(false))
                    break;
                pause = _leaseTime / 3;
            }
            catch (Exception exception) when (exception is KvStoreException or OperationCanceledException or ObjectDisposedException)
            {
                // Released; or the store was not reached, which is tried again for as long as the lease lasts.
                if (_ending.IsCancellationRequested)
                    return;
                pause = _leaseTime / 12;
            }
        }

        await _lost.CancelAsync().ConfigureAwait(false);
    }

    // False if the lock is another holder's, or has ended.
    private async Task<bool> TryRenewAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var start = _time.GetTimestamp();
            try
            {
                if (await _client.TouchAsync(_keys.Holder, _leaseTime, new KvWriteOptions { IfRevision = _revision, IsIdempotent = true }, cancellationToken).ConfigureAwait(false) is not { } renewed)
                    return false;
                _revision = renewed;
                Volatile.Write(ref _leasedAt, start);
                return true;
            }
            catch (KvRevisionGoneException)
            {
                // The store has started over, without this lock.
                return false;
            }
            catch (KvPreconditionFailedException)
            {
                // A renewal without an answer may have been made, and has then changed the revision.
                if (!await IsStillMineAsync(cancellationToken).ConfigureAwait(false))
                    return false;
            }
        }
    }

    private async Task<bool> IsStillMineAsync(CancellationToken cancellationToken)
    {
        if (await _client.GetAsync(_keys.Holder, cancellationToken: cancellationToken).ConfigureAwait(false) is not { } entry || HolderValue.Of(entry)?.Id != _id)
            return false;
        _revision = entry.Revision;
        return true;
    }

    private async Task<bool> TryDeleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.DeleteAsync(_keys.Holder, new KvWriteOptions { IfRevision = _revision, IsIdempotent = true }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (KvPreconditionFailedException)
        {
            return false;
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other)
    {
        var shorter = one < other ? one : other;
        return shorter > TimeSpan.Zero ? shorter : TimeSpan.Zero;
    }
}
