namespace KvStore.Extensions.Locking;

/// <summary>
/// Locks, semaphores and leader election on a store. A lock is a semaphore with one permit. Each acquisition has a fencing token, which is larger than that of every acquisition of the same permit before it. Thread-safe.
/// </summary>
/// <remarks>
/// A lease cannot promise that two processes never believe at the same time that they hold a lock: one may be paused for longer than its lease and continue where it was. What is
/// promised is that its late writes fail, if they are guarded by <see cref="KvLockHandle.Guard"/>, or if what they go to rejects tokens that are smaller than one it has seen.
/// </remarks>
public sealed class KvLocks
{
    private readonly IKvStoreClient _client;
    private readonly KvLockOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates them.</summary>
    /// <param name="client">The client; it remains the caller's.</param>
    /// <param name="options">Prefix and lease; null for the defaults.</param>
    /// <param name="time">The clock by which a holder knows that its lease has ended; null for that of the system. Only its timestamps count, which do not jump with the time of day.</param>
    public KvLocks(IKvStoreClient client, KvLockOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        (_client, _options, _time) = (client, options ?? new KvLockOptions(), time ?? TimeProvider.System);
    }

    /// <summary>Waits until it holds a lock, or one of the permits of a semaphore. Waiters are not served in order.</summary>
    /// <param name="name">The name.</param>
    /// <param name="permits">How many may hold it at once; the same number everywhere. 1 for a lock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The permit, which is released when it is disposed of.</returns>
    /// <exception cref="KvStoreException">The store does not answer, or there is no right to the keys.</exception>
    public async Task<KvLockHandle> AcquireAsync(string name, int permits = 1, CancellationToken cancellationToken = default)
    {
        if (await TryAcquireAsync(name, permits, cancellationToken).ConfigureAwait(false) is { } free)
            return free;
        var prefix = LockKeys.HolderPrefix(_options.Prefix, name);
        var taken = new HashSet<int>();
        var isSynced = false;

        // The order matters because a permit that is noted as taken after an attempt in vain is free again by a later event: the watch has every change after the state that it began with.
        await foreach (var watchEvent in _client.WatchPrefixAsync(prefix, new KvWatchOptions { IsInitial = true, WithValues = false }, cancellationToken).ConfigureAwait(false))
        {
            switch (watchEvent)
            {
                case KvWatchEvent.Reset:
                    taken.Clear();
                    isSynced = false;
                    break;
                case KvWatchEvent.Entry { Value.Key: var key }:
                    Note(key, isTaken: true);
                    break;
                case KvWatchEvent.Synced:
                    isSynced = true;
                    break;
                case KvWatchEvent.Changed { Changes: var changes }:
                    foreach (var change in changes)
                        Note(change.Key, change.Kind == KvChangeKind.Put);
                    break;
            }

            while (isSynced && FreeSlot(taken, permits) is { } slot)
            {
                if (await TryAcquireSlotAsync(name, slot, cancellationToken).ConfigureAwait(false) is { } handle)
                    return handle;
                taken.Add(slot);
            }
        }

        throw new OperationCanceledException(cancellationToken);

        void Note(string key, bool isTaken)
        {
            if (LockKeys.SlotOf(key, prefix) is not { } slot)
                return;
            if (isTaken)
                taken.Add(slot);
            else
                taken.Remove(slot);
        }
    }

    /// <summary>Takes a lock, or one of the permits of a semaphore, if one is free.</summary>
    /// <param name="name">The name.</param>
    /// <param name="permits">How many may hold it at once; the same number everywhere. 1 for a lock.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <returns>The permit; null if none is free.</returns>
    /// <exception cref="KvStoreException">The store does not answer, or there is no right to the keys.</exception>
    public async Task<KvLockHandle?> TryAcquireAsync(string name, int permits = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(permits);
        var first = Random.Shared.Next(permits);
        for (var i = 0; i < permits; i++)
        {
            if (await TryAcquireSlotAsync(name, (first + i) % permits, cancellationToken).ConfigureAwait(false) is { } handle)
                return handle;
        }

        return null;
    }

    /// <summary>Waits until it leads, and then runs a function, which is cancelled if the leadership is lost, and begins again when it leads again. It gives up the leadership when the function returns.</summary>
    /// <param name="name">The name of what is led.</param>
    /// <param name="lead">What the leader does. Its token is cancelled if the leadership may be lost; then it throws an <see cref="OperationCanceledException"/>.</param>
    /// <param name="cancellationToken">Ends the leadership or the wait for it.</param>
    public async Task RunAsLeaderAsync(string name, Func<KvLockHandle, CancellationToken, Task> lead, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lead);
        while (true)
        {
            var handle = await AcquireAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false);
            await using var _ = handle.ConfigureAwait(false);
            using var leading = CancellationTokenSource.CreateLinkedTokenSource(handle.Lost, cancellationToken);
            try
            {
                await lead(handle, leading.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (handle.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // Another one may lead now; it is its follower until that ends.
            }
        }
    }

    /// <summary>Who holds a lock or the permits of a semaphore now.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<IReadOnlyList<KvLockHolder>> GetHoldersAsync(string name, CancellationToken cancellationToken = default)
    {
        var prefix = LockKeys.HolderPrefix(_options.Prefix, name);
        var holders = new List<KvLockHolder>();
        await foreach (var entry in _client.ListAsync(prefix, withValues: true, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (LockKeys.SlotOf(entry.Key, prefix) is { } slot && HolderValue.Of(entry) is { } holder)
                holders.Add(new KvLockHolder(slot, holder.Description, entry.CreatedRevision ?? entry.Revision.Number));
        }

        return holders;
    }

    private async Task<KvLockHandle?> TryAcquireSlotAsync(string name, int slot, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var keys = LockKeys.Of(_options.Prefix, name, slot);
        var holder = new HolderValue(Guid.NewGuid().ToString("N"), _options.Description);
        var transaction = new KvTransaction().IfAbsent(keys.Holder)
            .PutJson(keys.Holder, holder, LockJson.Default.HolderValue, _options.LeaseTime)
            .Put(keys.Fence, holder.Id);

        // The lease counts from before it was asked for, so it ends here before it ends in the store. Once it is asked for, a cancellation would leave a lock that its holder does not
        // know of: it is waited for, though not for longer than it would last.
        var start = _time.GetTimestamp();
        using var limit = new CancellationTokenSource(_options.LeaseTime, _time);
        KvRevision revision;
        try
        {
            revision = (await _client.TransactAsync(transaction, limit.Token).ConfigureAwait(false)).Revision;
        }
        catch (KvPreconditionFailedException)
        {
            return null;
        }
        catch (OperationCanceledException exception)
        {
            throw new KvStoreException($"The store did not answer within {_options.LeaseTime}.", null, KvOutcome.Unknown, exception);
        }

        var handle = new KvLockHandle(_client, name, slot, keys, holder.Id, revision, _options.LeaseTime, start, _time);
        if (!cancellationToken.IsCancellationRequested)
            return handle;
        await handle.DisposeAsync().ConfigureAwait(false);
        throw new OperationCanceledException(cancellationToken);
    }

    private static int? FreeSlot(HashSet<int> taken, int permits)
    {
        var first = Random.Shared.Next(permits);
        for (var i = 0; i < permits; i++)
        {
            if (!taken.Contains((first + i) % permits))
                return (first + i) % permits;
        }

        return null;
    }
}
