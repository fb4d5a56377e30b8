using KvStore.Crdt;

namespace KvStore.Client;

/// <content>What is exchanged with the service, one request at a time.</content>
internal sealed partial class ReplicaSync
{
    private const int RefusalsMax = 3;

    // How often the service has refused what was sent since it last took anything.
    private int _refusals;

    // Versions of two lineages can look alike. A service that does not say its lineage refuses a request that does.
    private bool _saysLineage;

    /// <summary>Takes the value of the service, which is made if it is absent, under a new id.</summary>
    /// <param name="repeats">Whether what the service does not have is repeated on it.</param>
    /// <param name="isSingle">Whether the caller tries again in its own way.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task AdoptAsync(bool repeats, bool isSingle, CancellationToken cancellationToken)
    {
        KvMergeableDelta? state;
        while ((state = await _client.Mergeable.GetStateAsync(Key, isSingle, cancellationToken).ConfigureAwait(false)) is null)
            await _client.Mergeable.MakeAsync(Key, Type, isSingle, cancellationToken).ConfigureAwait(false);
        if (state.Type != Type)
            throw new KvReplicaException(KvReplicaStatus.Replaced, Key);
        Restart(state, repeats);
        await SaveAsync(cancellationToken).ConfigureAwait(false);
    }

    // Sends what the service lacks, or only asks, and merges the answer. Null to continue.
    private async Task<KvReplicaStatus?> ExchangeAsync(bool onlyAsks, CancellationToken cancellationToken)
    {
        WireReplicaChange change;
        lock (_lock)
        {
            ReadOnlyMemory<byte>? delta = onlyAsks ? default(ReadOnlyMemory<byte>?) : _local.TakeUnsent();
            _changes += onlyAsks ? 0 : 1;
            _needsAcknowledgement = false;
            change = new(_local.Id.ToString(), _local.Value.Version.ToString(), delta, _saysLineage ? KvMergeableValues.LineageOf(_local.Value) : null);
        }

        await SaveAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var call = KvMergeableValues.MergeCall(Key, change, CrdtType.None, null) with { IsSingle = true };
            var answer = await _client.SendAsync(call, KvMergeableValues.DeltaOf, cancellationToken).ConfigureAwait(false);
            _refusals = onlyAsks ? _refusals : 0;
            _saysLineage = answer.Lineage is not null;
            return _saysLineage && answer.Lineage != Read(local => KvMergeableValues.LineageOf(local.Value)) ? KvReplicaStatus.Replaced : Merge(answer.Bytes, answer.Version);
        }
        catch (KvMergeException failure) when (failure.Problem is "other-lineage" or "other-type" or "not-mergeable")
        {
            return KvReplicaStatus.Replaced;
        }
        catch (KvMergeException failure) when (failure.Problem == "replica-gap" && failure.Version is { } version && ++_refusals < RefusalsMax)
        {
            bool isOwn;
            lock (_lock)
            {
                _local.BeginConnection();
                isOwn = _local.TryAcknowledge(version);
            }

            return isOwn ? null : await RenewAsync(mustRestart: false, cancellationToken).ConfigureAwait(false);
        }
        catch (KvMergeException failure) when (failure.Problem == "replica-retired" && ++_refusals < RefusalsMax)
        {
            return await RenewAsync(mustRestart: _refusals > 1, cancellationToken).ConfigureAwait(false);
        }
        catch (KvMergeException failure) when (failure.Problem == "replica-forked" && ++_refusals < RefusalsMax)
        {
            lock (_lock)
                _local.NoteFork();
            return await RenewAsync(mustRestart: true, cancellationToken).ConfigureAwait(false);
        }
        catch (KvStoreException failure) when (failure.IsAbsence)
        {
            return KvReplicaStatus.Deleted;
        }
    }

    // Gets the full state and continues with it. Null to continue.
    private async Task<KvReplicaStatus?> RenewAsync(bool mustRestart, CancellationToken cancellationToken)
    {
        _needsState = false;
        if (await _client.Mergeable.GetStateAsync(Key, isSingle: true, cancellationToken).ConfigureAwait(false) is not { } state)
            return KvReplicaStatus.Deleted;
        if (state.Type != Type)
            return KvReplicaStatus.Replaced;
        if (!mustRestart)
        {
            var other = Merge(state.Bytes, state.Version);
            if (other is not null || !_needsState)
                return other;
            _needsState = false;
        }

        if (MergeableValue.TryLoad((state.Bytes ?? default).Span, ReplicaId.Create())?.Lineage != Read(local => local.Value.Lineage))
            return KvReplicaStatus.Replaced;
        Restart(state, repeats: true);
        await SaveAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    private void Restart(KvMergeableDelta state, bool repeats)
    {
        lock (_lock)
        {
            _local = _local.TryRestart(state, repeats) ?? throw new KvStoreException($"This version of the client cannot read the state of {Key}.", null, KvOutcome.NotApplied);
            _changes++;
        }

        Changed();
        _signal.Set();
    }
}
