using KvStore.Crdt;

namespace KvStore.Client;

/// <content>The loop: one connection after the other, each with a task that sends and one that receives.</content>
internal sealed partial class ReplicaSync
{
    // How long changes of others may wait to be saved, and to be acknowledged, so that the service can collect garbage. The replica's own changes do not wait.
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(30);

    // The loop, and its tasks.
    private volatile bool _hasBeenLive;
    private volatile bool _needsState;
    private volatile bool _needsExchange;
    private volatile bool _needsAcknowledgement;

    private async Task RunAsync()
    {
        var retry = 0;
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan? wait = null;
            _hasBeenLive = false;
            try
            {
                var status = await ConnectAsync().ConfigureAwait(false);
                var failure = status == KvReplicaStatus.Offline ? null : new KvReplicaException(status, Key);
                SetStatus(status, failure);
                if (failure is not null)
                    FailWaiters(failure);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (KvStoreException failure) when (failure.IsTransient)
            {
                SetStatus(KvReplicaStatus.Offline, failure);
                wait = failure.RetryAfter;
            }
#pragma warning disable CA1031 // What a storage or a handler of an event throws must not end the loop: it is shown, and tried again.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                SetStatus(KvReplicaStatus.Failed, failure);
                FailWaiters(failure);
                EndRestart(failure);
            }

            retry = _hasBeenLive ? 0 : retry + 1;
            await RestAsync(_client.Options.DelayBefore(retry, wait)).ConfigureAwait(false);
        }
    }

    // Until the next attempt; what is done meanwhile is saved.
    private async Task RestAsync(TimeSpan delay)
    {
        var time = _client.Options.TimeProvider;
        var start = time.GetTimestamp();
        try
        {
            while (delay - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                await SaveAsync(_stop.Token).ConfigureAwait(false);
                lock (_lock)
                {
                    if (_restart is not null)
                        return;
                }

                await _signal.WaitAsync(left, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The loop ends.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            SetStatus(KvReplicaStatus.Failed, failure);
            await Task.Delay(delay, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<KvReplicaStatus> ConnectAsync()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var restart = Read(_ => _restart);
        if (restart is not null || Read(local => !local.IsShared))
        {
            await AdoptAsync(restart?.Repeats ?? true, isSingle: true, ending.Token).ConfigureAwait(false);
            EndRestart(null);
        }

        WatchConnection connection;
        try
        {
            connection = await _client.Mergeable.ConnectAsync(Key, Read(local => local.Value.Version), isSingle: true, isEndless: false, ending.Token).ConfigureAwait(false);
        }
        catch (KvStoreException failure) when (failure.IsAbsence)
        {
            return KvReplicaStatus.Deleted;
        }
        catch (KvMergeException failure) when (failure.Problem is "other-type" or "not-mergeable")
        {
            return KvReplicaStatus.Replaced;
        }
        catch (KvMergeException)
        {
            // The version is too old for a watch: get the state first.
            return await RenewAsync(mustRestart: false, ending.Token).ConfigureAwait(false) ?? KvReplicaStatus.Offline;
        }

        await using var _ = connection.ConfigureAwait(false);
        lock (_lock)
            _local.BeginConnection();
        _needsState = false;
        var tasks = new[] { SendAsync(ending.Token), ReceiveAsync(connection, ending.Token) };
        var first = await Task.WhenAny(tasks).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await first.ConfigureAwait(false);
    }

    private async Task<KvReplicaStatus> ReceiveAsync(WatchConnection connection, CancellationToken cancellationToken)
    {
        while (await connection.ReadAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            switch (KvMergeableValues.EventOf(item, connection.Revision))
            {
                case KvMergeableEvent.Delta delta:
                    if (Merge(delta.Bytes, delta.Version) is { } status)
                        return status;
                    break;
                case KvMergeableEvent.Collected:
                    _needsExchange = true;
                    _signal.Set();
                    break;
                case KvMergeableEvent.Deleted:
                    return KvReplicaStatus.Deleted;
            }
        }

        return KvReplicaStatus.Offline;
    }

    private async Task<KvReplicaStatus> SendAsync(CancellationToken cancellationToken)
    {
        // The first exchange only asks: it shows whether the replica may keep its id.
        var isFirst = true;
        var waiters = Array.Empty<TaskCompletionSource>();
        try
        {
            while (true)
            {
                waiters = [.. waiters, .. TakeWaiters()];
                if (_needsState && await RenewAsync(mustRestart: false, cancellationToken).ConfigureAwait(false) is { } other)
                    return other;
                if (isFirst || _needsExchange || waiters.Length > 0 || Read(local => local.HasUnsent))
                {
                    _needsExchange = false;
                    if (await ExchangeAsync(isFirst, cancellationToken).ConfigureAwait(false) is { } status)
                        return status;
                    isFirst = false;
                    if (_needsState || Read(local => local.HasUnsent))
                        continue;
                    _hasBeenLive = true;
                    SetStatus(KvReplicaStatus.Live, null);
                    foreach (var waiter in waiters)
                        waiter.TrySetResult();
                    waiters = [];
                    continue;
                }

                if (!await _signal.WaitAsync(RestMax, cancellationToken).ConfigureAwait(false))
                    _needsExchange = _needsAcknowledgement;
            }
        }
        finally
        {
            lock (_lock)
                _waiters.AddRange(waiters);
        }
    }

    // Null to continue.
    private KvReplicaStatus? Merge(ReadOnlyMemory<byte>? bytes, VersionVector? version)
    {
        MergeOutcome outcome;
        lock (_lock)
        {
            outcome = bytes is { } delta ? _local.Merge(delta.Span) : MergeOutcome.Unchanged;
            if (outcome == MergeOutcome.Merged)
                _changes++;
            if (outcome is MergeOutcome.Merged or MergeOutcome.Unchanged && version is not null && !_local.TryAcknowledge(version))
                outcome = MergeOutcome.Forked;
        }

        switch (outcome)
        {
            case MergeOutcome.Merged:
                _needsAcknowledgement = true;
                Changed();
                return null;
            case MergeOutcome.Unchanged:
                return null;
            case MergeOutcome.OtherLineage or MergeOutcome.OtherType:
                return KvReplicaStatus.Replaced;
            case MergeOutcome.Malformed:
                throw new KvStoreException($"This version of the client cannot read a delta of {Key}.", null, KvOutcome.NotApplied);
            default:
                _needsState = true;
                _signal.Set();
                return null;
        }
    }
}
