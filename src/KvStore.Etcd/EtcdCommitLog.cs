namespace KvStore.Etcd;

/// <summary>
/// The commit log of a cluster: every replica appends its batches, undecided, to one log in etcd, and evaluates all of them in etcd's order. So all
/// replicas come to the same state, and no write ever loses to another.
/// </summary>
/// <remarks>
/// A batch is answered when this replica has evaluated its record, so a client that has an answer can read the write here, and everywhere
/// behind a barrier. <see cref="RecordWriter"/> writes, <see cref="LogReader"/> reads, <see cref="LogState"/> evaluates, and <see cref="Checkpointer"/> keeps the log short.
/// </remarks>
public sealed class EtcdCommitLog : ICommitLog
{
    private static readonly TimeSpan SizeInterval = TimeSpan.FromSeconds(10);

    private readonly IEtcd _etcd;
    private readonly EtcdLogOptions _options;
    private readonly EtcdLayout _layout;
    private readonly TimeProvider _time;
    private readonly Action<EtcdLogEvent> _report;
    private readonly Contact _contact;
    private readonly BatchGathering _gathering = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Set by FollowAsync, once.
    private Parts? _parts;
    private Task _running = Task.CompletedTask;
    private long _bytesInUse;
    private volatile bool _isFull;
    private volatile bool _isNearlyFull;

    internal EtcdCommitLog(IEtcd etcd, EtcdLogOptions options, TimeProvider time, Action<EtcdLogEvent>? report = null)
    {
        (_etcd, _options, _time, _report) = (etcd, options, time, report ?? (static _ => { }));
        _layout = new EtcdLayout(options.Prefix);
        _contact = new Contact(_report, time);
    }

    /// <inheritdoc/>
    public StoreId StoreId { get; private set; }

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public CommitLogConnection? Connection => new CommitLogConnection(_contact.StateAge, _contact.LostAt, _parts?.Reader.IsReloading == true ? "The state of this replica differs from that of the others, and is loaded again." : null);

    /// <inheritdoc/>
    public int Rank => _options.Rank();

    private Parts Following => _parts ?? throw new InvalidOperationException($"Call {nameof(FollowAsync)} first.");

    /// <inheritdoc/>
    public async ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        using var loading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);

        // Not while it is loaded: what is found then was written for others.
        var state = new LogState(_layout, follower, _time)
        {
            Marked = marked => _parts?.Checkpointer.OnMarked(marked, _stopping.Token),
            ManifestChanged = manifest => _parts?.Checkpointer.OnManifest(manifest),
        };
        var delivery = new Delivery(state, _options, _time);
        var reader = new LogReader(_etcd, _layout, state, follower, _contact, _report, _time);
        var writer = new RecordWriter(_etcd, _layout, state, delivery, _options);
        var checkpointer = new Checkpointer(_etcd, _layout, state, follower, writer, delivery, _options, _report, _time) { Diverged = OnDiverged };
        (delivery.Stalled, delivery.Missed) = (reader.Reopen, reader.List);

        try
        {
            await reader.TryUntilDoneAsync(FindStoreAsync, loading.Token).ConfigureAwait(false);
            await reader.LoadAsync(loading.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RecordFormatException or LogLostException)
        {
            throw new CommitLogRefusedException(exception.Message, CommitLogRefusal.Data, exception);
        }
        catch (EtcdException exception) when (exception.Failure == EtcdFailure.NotPermitted)
        {
            throw new CommitLogRefusedException(exception.Message, CommitLogRefusal.Settings, exception);
        }

        var parts = _parts = new Parts(follower, delivery, reader, writer, new LogBarrier(_etcd, _layout, state, delivery, _contact, _options, _time), checkpointer);
        _report(new(EtcdLogEventKind.Loaded, $"Loaded {follower.Latest.Count} entries at revision {follower.Latest.Revision}, {state.Head} records, from etcd."));

        // Otherwise both would keep the AsyncLocals of the caller forever.
        using (ExecutionContext.SuppressFlow())
            _running = Task.WhenAll(Task.Run(() => RunAsync(parts), CancellationToken.None), Task.Run(() => ProbeAsync(parts), CancellationToken.None));
    }

    /// <inheritdoc/>
    public async ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        var parts = Following;
        _gathering.Took(batch.Count);
        var deadline = parts.Delivery.After(_options.CommitTimeout, cancellationToken);
        var outcomes = new Outcome[batch.Count];
        for (var start = 0; start < outcomes.Length;)
        {
            var record = parts.Writer.Cut(batch, start);
            var written = await parts.Writer.WriteAsync(record, Limits(parts.Follower), deadline).ConfigureAwait(false);
            written.CopyTo(outcomes, start);
            start += record.Count;

            // What follows must not be committed before what it was submitted after.
            if (written[0] is Outcome.Unknown or Outcome.NotApplied { Reason: NotAppliedReason.Unreachable })
            {
                outcomes.AsSpan(start).Fill(new Outcome.NotApplied(NotAppliedReason.Unreachable));
                break;
            }
        }

        return outcomes;
    }

    /// <inheritdoc/>
    public ValueTask GatherAsync(int queued) => _gathering.WaitAsync(queued);

    /// <inheritdoc/>
    public async ValueTask<long?> BarrierAsync(CancellationToken cancellationToken)
    {
        var parts = Following;
        return await TryPassBarrierAsync(parts, cancellationToken).ConfigureAwait(false) ? parts.Follower.Latest.Revision : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_completion.Task.IsCompletedSuccessfully)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_parts is { } parts)
            await parts.Checkpointer.StopAsync().ConfigureAwait(false);
        await _etcd.DisposeAsync().ConfigureAwait(false);
        _completion.TrySetResult();
        _stopping.Dispose();
    }

    private async Task<bool> TryPassBarrierAsync(Parts parts, CancellationToken cancellationToken)
    {
        try
        {
            return await parts.Barrier.TryPassAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LogLostException exception)
        {
            _completion.TrySetException(exception);
            return false;
        }
    }

    private DecisionLimits Limits(ICommitFollower follower) => new()
    {
        Now = _time.GetUtcNow().ToUnixTimeMilliseconds(),
        GrowthRefusal = _isFull || Volatile.Read(ref _bytesInUse) + follower.Latest.Bytes > _options.DatabaseBytesMax ? GrowthRefusal.NoSpace : follower.Memory.Entries.Bytes >= follower.Memory.Entries.BytesMax ? GrowthRefusal.MemoryFull : GrowthRefusal.None,
        RefusesRecords = follower.Memory.Idempotency.Bytes >= follower.Memory.Idempotency.BytesMax,
        IgnoresMemory = true,
    };

    private async Task FindStoreAsync(CancellationToken cancellationToken) =>
        StoreId = await new StoreIdentity(_etcd, _layout, _options.Prefix).FindOrCreateAsync(cancellationToken).ConfigureAwait(false);

    private async Task RunAsync(Parts parts)
    {
        try
        {
            await parts.Reader.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    // Knows how old the state is without reads, notices a silent watch without writes, and has checkpoints written.
    private async Task ProbeAsync(Parts parts)
    {
        using var timer = new PeriodicTimer(_options.ProbeInterval, _time);
        long? sizeAt = null;
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                if (_contact.StateAge >= _options.ProbeInterval && !await TryPassBarrierAsync(parts, _stopping.Token).ConfigureAwait(false))
                    continue;
                await parts.Checkpointer.RunIfDueAsync(_stopping.Token).ConfigureAwait(false);
                await parts.Checkpointer.CompactIfDueAsync(_stopping.Token).ConfigureAwait(false);
                if (sizeAt is not { } at || _isNearlyFull || _time.GetElapsedTime(at) >= SizeInterval)
                {
                    sizeAt = _time.GetTimestamp();
                    await MeasureAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    // A start of this version would be refused for the same reason.
    private void Fail(Exception exception) =>
        _completion.TrySetException(exception is RecordFormatException ? new CommitLogRefusedException(exception.Message, CommitLogRefusal.Data, exception) : exception);

    private async Task MeasureAsync()
    {
        try
        {
            var report = await _etcd.ReportAsync(_stopping.Token).ConfigureAwait(false);
            var statuses = report.Members.Select(member => member.Status).OfType<Protocol.StatusResponse>().ToArray();

            // A checkpoint must have a place beside those that it will replace, because only that makes room again. The quota counts the file, which a compaction makes larger for a moment and nothing but a defragmentation smaller. In the half of the reserve
            // that is then left, deletions and checkpoints use the pages that are free.
            _isFull = statuses.Any(status => status.DbSize > _options.DatabaseBytesMax / 14 * 15);
            Volatile.Write(ref _bytesInUse, statuses.Select(status => status.DbSizeInUse).DefaultIfEmpty(Volatile.Read(ref _bytesInUse)).Max());
            _isNearlyFull = statuses.Any(status => Math.Max(status.DbSize, status.DbSizeInUse) > _options.DatabaseBytesMax / 2);
        }
        catch (EtcdException)
        {
            // As it was.
        }
    }

    private void OnDiverged(string message)
    {
        _report(new(EtcdLogEventKind.Diverged, message));
        Following.Reader.Reload();
    }

    private sealed record Parts(ICommitFollower Follower, Delivery Delivery, LogReader Reader, RecordWriter Writer, LogBarrier Barrier, Checkpointer Checkpointer);
}
