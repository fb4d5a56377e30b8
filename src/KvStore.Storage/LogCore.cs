namespace KvStore.Storage;

/// <summary>
/// The log without its thread: evaluates a batch, makes it durable, and publishes it to the follower. Belongs to one thread at a
/// time; any thread may read the members marked so.
/// </summary>
internal sealed class LogCore(IDisk disk, DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report, Action<Action> runInBackground, StoreMetrics? metrics = null)
{
    private readonly BatchDecider _decider = new(time);
    private ICommitFollower? _follower;
    private SegmentWriter? _writer;

    private long _dirtySince;
    private bool _hasRollFailed;

    // Written by the log's thread, read by any.
    private volatile LoadProgress? _progress;
    private volatile SegmentList? _segments;
    private volatile Checkpointer? _checkpointer;
    private long _flushedRevision;
    private long _flushedAt;
    private volatile string? _closedReason;
    private volatile bool _hasNoSpace;
    private volatile DiskLogPhase _phase;

    /// <summary>The phase of the log's life. Any thread.</summary>
    public DiskLogPhase Phase => _phase;

    /// <summary>The id of the store. Any thread, once <see cref="Open"/> has returned.</summary>
    public StoreId StoreId { get; private set; }

    /// <summary>The checkpoints; null while loading. Any thread.</summary>
    public Checkpointer? Checkpointer => _checkpointer;

    /// <summary>The state of the log now. Any thread.</summary>
    public DiskLogStatus Status
    {
        get
        {
            var (flushedAt, checkpoint) = (Volatile.Read(ref _flushedAt), _checkpointer?.Last);
            return new DiskLogStatus(
                _phase,
                _progress?.DoneBytes ?? 0,
                _progress?.TotalBytes ?? 0,
                _closedReason,
                _hasNoSpace,
                _segments?.Count ?? 0,
                _segments?.Bytes ?? 0,
                Volatile.Read(ref _flushedRevision),
                flushedAt == 0 ? null : time.GetUtcNow() - time.GetElapsedTime(flushedAt),
                checkpoint?.Revision ?? 0,
                checkpoint?.Bytes ?? 0,
                checkpoint?.At,
                _checkpointer?.IsRunning ?? false);
        }
    }

    /// <summary>How long a flush takes: a running average, mostly of the last eight.</summary>
    public TimeSpan FlushTime { get; private set; }

    /// <summary>How long an acknowledged commit may still wait for its flush; null if none waits.</summary>
    public TimeSpan? FlushDue => _writer is not { IsDirty: true } || _phase != DiskLogPhase.Open
        ? null
        : options.FlushInterval - time.GetElapsedTime(_dirtySince);

    /// <summary>Recovers the log and loads it into the follower.</summary>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read.</exception>
    public void Open(ICommitFollower follower, LoadProgress progress)
    {
        (_follower, _progress) = (follower, progress);
        _phase = DiskLogPhase.Loading;
        try
        {
            var start = time.GetTimestamp();
            var found = new LogRecovery(disk, options, follower, progress).Open();
            StoreId = found.Store.Current;
            _writer = found.Writer;
            var checkpointer = new Checkpointer(disk, options, StoreId, found.Segments, follower.Hold, time, report, runInBackground);
            checkpointer.Recovered(found.CheckpointRevision, found.CheckpointBytes, found.LogBytes);
            (_segments, _checkpointer) = (found.Segments, checkpointer);
            RecordFlush(follower.Latest.Revision);
            _phase = DiskLogPhase.Open;
            if (found.TornTail is { } torn)
                report(new(DiskLogEventKind.TailCut, $"An unfinished write was cut off: {torn}. A crash explains it, and nothing says that it was acknowledged."));
            var origin = found.Origin switch
            {
                LogOrigin.Empty => $" It was empty: store {StoreId} begins.",
                LogOrigin.Backup => " It had a backup alone: revisions continue beyond those of the store that it is from.",
                LogOrigin.Store when found.Revision < follower.Latest.Revision =>
                    $" It was not closed cleanly, so the next revision is {follower.Latest.Revision + 1} instead of {found.Revision + 1}: one that may have been lost is not used again.",
                _ => "",
            };
            report(new(DiskLogEventKind.Loaded, $"Loaded {follower.Latest.Count} entries at revision {follower.Latest.Revision} from {disk.PathOf("")} in {time.GetElapsedTime(start).TotalMilliseconds:F0} ms.{origin}"));
        }
        catch
        {
            _phase = DiskLogPhase.Closed;
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Commits a batch; see <see cref="ICommitLog.CommitAsync"/>.</summary>
    public Outcome[] Commit(IReadOnlyList<Transaction> batch)
    {
        var outcomes = TryCommit(batch, isEmergency: false) ?? CommitWithinReserve(batch);
        BeginCheckpointIfDue();
        return outcomes;
    }

    /// <summary>Flushes if the flush interval of the oldest waiting commit is over.</summary>
    public void FlushIfDue()
    {
        if (FlushDue <= TimeSpan.Zero)
            CloseIfItFails(Flush);
    }

    /// <summary>Makes everything durable and releases the directory lock.</summary>
    public void Finish()
    {
        if (_phase == DiskLogPhase.Open)
            CloseIfItFails(_writer!.Finish);
        _phase = DiskLogPhase.Closed;
        _writer?.Dispose();
        _checkpointer?.Dispose();
        disk.Dispose();
    }

    // Null if there is no space for it.
    private Outcome[]? TryCommit(IReadOnlyList<Transaction> batch, bool isEmergency)
    {
        if (_phase != DiskLogPhase.Open)
            return AllOf(batch, new Outcome.NotApplied(NotAppliedReason.LogClosed));
        var decision = _decider.Decide(_follower!, batch, new DecisionLimits { GrowthRefusal = isEmergency ? GrowthRefusal.NoSpace : GrowthRefusal.None });
        if (decision.Commits.Count == 0)
            return decision.Outcomes;

        var isStarted = false;
        try
        {
            isStarted = _writer!.TryStart();
            var wasDirty = _writer.IsDirty;
            var isAppended = isStarted && _writer.TryAppend(decision.Commits, isEmergency);
            if (!isEmergency)
                ReportSpaceChange(isAppended);
            ReportRollFailure();
            if (!isAppended)
                return null;
            FlushOrDefer(wasDirty);
        }
        catch (DiskLogException exception)
        {
            // Before the start marker nothing of the batch is written, and what was refused is in no frame.
            Close(exception);
            return isStarted
                ? [.. decision.Outcomes.Select(outcome => outcome is Outcome.NotApplied ? outcome : Outcome.Unknown.Instance)]
                : AllOf(batch, new Outcome.NotApplied(NotAppliedReason.LogClosed));
        }

        // Published only now, because no reader may see what a crash can take back.
        _follower!.Apply(decision);
        return decision.Outcomes;
    }

    // The transactions that add nothing, as one frame, or as several if one of them is too large for what is left of the reserve.
    private Outcome[] CommitWithinReserve(IReadOnlyList<Transaction> batch)
    {
        if (TryCommit(batch, isEmergency: true) is { } outcomes)
            return outcomes;
        if (batch.Count == 1)
            return AllOf(batch, new Outcome.NotApplied(NotAppliedReason.NoSpace));
        var half = batch.Count / 2;
        return [.. CommitWithinReserve([.. batch.Take(half)]), .. CommitWithinReserve([.. batch.Skip(half)])];
    }

    private void FlushOrDefer(bool wasDirty)
    {
        // The thread of a busy log never waits, so FlushIfDue alone would come too late. What a power cut loses must have revisions
        // below those at which the next start continues.
        if (options.FlushMode == FlushMode.Always || (wasDirty && FlushDue <= TimeSpan.Zero) ||
            _writer!.LastRevision - _flushedRevision > LogRecovery.CrashJump / 2)
            Flush();
        else if (!wasDirty)
            _dirtySince = time.GetTimestamp();
    }

    private void Flush()
    {
        var start = time.GetTimestamp();
        _writer!.Flush();
        var elapsed = time.GetElapsedTime(start);
        metrics?.RecordFlush(elapsed);
        FlushTime += (elapsed - FlushTime) / 8;
        RecordFlush(_writer.LastRevision);
    }

    private void RecordFlush(long revision)
    {
        Volatile.Write(ref _flushedRevision, revision);
        Volatile.Write(ref _flushedAt, Math.Max(time.GetTimestamp(), 1));
    }

    private void BeginCheckpointIfDue()
    {
        if (_phase != DiskLogPhase.Open || !_checkpointer!.IsDue(_follower!.Latest, _writer!.AppendedBytes, _hasNoSpace))
            return;
        if (_hasNoSpace)
            CloseIfItFails(_writer.PrepareCheckpoint);
        _checkpointer.TryBegin(_follower.Latest, _writer.AppendedBytes);
    }

    private void ReportRollFailure()
    {
        if (_writer!.RollFailure is { } failure && !_hasRollFailed)
            report(new(DiskLogEventKind.RollFailed, $"A new segment could not be created, so the last one grows beyond its limit until it can. No write is affected. {failure.Message}"));
        _hasRollFailed = _writer.RollFailure is not null;
    }

    private void ReportSpaceChange(bool appended)
    {
        if (appended == !_hasNoSpace)
            return;
        _hasNoSpace = !appended;
        report(appended
            ? new(DiskLogEventKind.SpaceAgain, "There is room on the disk again; writes succeed.")
            : new(DiskLogEventKind.NoSpace, $"There is no room left for {disk.PathOf("")}. Writes are rejected, reads continue. Make room on that disk; writes then succeed without a restart."));
    }

    private void CloseIfItFails(Action action)
    {
        try
        {
            action();
        }
        catch (DiskLogException exception)
        {
            Close(exception);
        }
    }

    // For good: after a failed flush the contents of the disk are unknown, and a second flush may report success although pages were lost.
    private void Close(DiskLogException exception)
    {
        _closedReason = $"{exception.Message} Writes are rejected, reads continue. Check the disk and the system's log, then restart the service: it loads what is on the disk.";
        _phase = DiskLogPhase.Closed;
        report(new(DiskLogEventKind.Closed, _closedReason));
    }

    private static Outcome[] AllOf(IReadOnlyList<Transaction> batch, Outcome outcome) => [.. Enumerable.Repeat(outcome, batch.Count)];
}
