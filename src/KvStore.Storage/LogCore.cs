namespace KvStore.Storage;

/// <summary>
/// The log without its thread: decides a batch, makes it durable, hands it to the follower. Belongs to one thread at a time,
/// but for what says of itself that any thread may read it.
/// </summary>
internal sealed class LogCore(IDisk disk, DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report, Action<Action> runInBackground)
{
    private readonly BatchDecider _decider = new(time);
    private ICommitFollower? _follower;
    private SegmentWriter? _writer;
    private SegmentList? _segments;
    private Checkpointer? _checkpointer;

    // How much log was there when the last checkpoint was begun, counted as the writer counts; negative for what was found.
    private long _checkpointedBytes;
    private long _dirtySince;
    private long _flushedRevision;
    private long _flushedAt;
    private volatile string? _closedReason;
    private volatile bool _hasNoSpace;
    private volatile DiskLogPhase _phase;

    /// <summary>Where the log is in its life. Any thread.</summary>
    public DiskLogPhase Phase => _phase;

    /// <summary>Why it takes no writes; null if nothing failed. Any thread.</summary>
    public string? ClosedReason => _closedReason;

    /// <summary>Whether the last write found no room. Any thread.</summary>
    public bool HasNoSpace => _hasNoSpace;

    /// <summary>The last revision that is known to be on the disk. Any thread.</summary>
    public long FlushedRevision => Volatile.Read(ref _flushedRevision);

    /// <summary>When the last flush ended; null before the first. Any thread.</summary>
    public DateTimeOffset? FlushedAt => Volatile.Read(ref _flushedAt) is var at && at == 0 ? null : time.GetUtcNow() - time.GetElapsedTime(at);

    /// <summary>The segments; null while loading. Any thread.</summary>
    public SegmentList? Segments => Volatile.Read(ref _segments);

    /// <summary>The checkpoints; null while loading. Any thread.</summary>
    public Checkpointer? Checkpointer => Volatile.Read(ref _checkpointer);

    /// <summary>How long an acknowledged commit may still wait for its flush; null when none does.</summary>
    public TimeSpan? FlushDue => _writer is not { IsDirty: true } || _phase != DiskLogPhase.Open
        ? null
        : options.FlushInterval - time.GetElapsedTime(_dirtySince);

    /// <summary>Reads the log and hands it to the follower.</summary>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read.</exception>
    public void Open(ICommitFollower follower, LoadProgress progress)
    {
        _phase = DiskLogPhase.Loading;
        _follower = follower;
        try
        {
            var start = time.GetTimestamp();
            var found = new LogRecovery(disk, options, follower, progress).Run();
            _writer = found.Writer;
            _checkpointedBytes = -found.LogBytes;
            var checkpointer = new Checkpointer(disk, options, found.Segments, time, report, runInBackground);
            checkpointer.Found(found.CheckpointRevision, found.CheckpointBytes);
            Volatile.Write(ref _segments, found.Segments);
            Volatile.Write(ref _checkpointer, checkpointer);
            KeepFlushed(follower.Latest.Revision);
            _phase = DiskLogPhase.Open;
            if (found.CutBytes > 0)
                report(new(DiskLogEventKind.TailCut, $"{found.CutBytes} bytes at the end of the log were cut off: a write that was not finished, and that nobody had an answer for."));
            report(new(DiskLogEventKind.Loaded, $"Loaded {follower.Latest.Count} entries at revision {follower.Latest.Revision} from {disk.PathOf("")} in {time.GetElapsedTime(start).TotalMilliseconds:F0} ms."));
        }
        catch
        {
            _phase = DiskLogPhase.Closed;
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Commits a batch, see <see cref="ICommitLog.CommitAsync"/>.</summary>
    public Outcome[] Commit(IReadOnlyList<Transaction> batch)
    {
        if (_phase != DiskLogPhase.Open)
            return AllOf(batch, new Outcome.NotApplied(NotAppliedReason.LogClosed));
        var decision = _decider.Decide(_follower!.Latest, batch);
        if (decision.Commits.Count == 0)
            return decision.Outcomes;

        try
        {
            var wasDirty = _writer!.IsDirty;
            var appended = _writer.TryAppend(decision.Commits);
            TellSpace(appended);
            if (!appended)
                return RefuseForSpace(batch);
            FlushAsTheModeSays(wasDirty);
        }
        catch (DiskLogException exception)
        {
            Close(exception);
            return AllOf(batch, Outcome.Unknown.Instance);
        }

        // Not before: nobody may read what a crash can take back.
        _follower.Apply(decision);
        BeginCheckpointIfDue();
        return decision.Outcomes;
    }

    /// <summary>Flushes what waited for its flush long enough.</summary>
    public void FlushIfDue()
    {
        if (FlushDue is not { } due || due > TimeSpan.Zero)
            return;
        try
        {
            Flush();
        }
        catch (DiskLogException exception)
        {
            Close(exception);
        }
    }

    /// <summary>Leaves everything durable and the directory to others.</summary>
    public void Finish()
    {
        try
        {
            if (_phase == DiskLogPhase.Open)
                _writer!.Finish();
        }
        catch (DiskLogException exception)
        {
            Close(exception);
        }

        _phase = DiskLogPhase.Closed;
        _writer?.Dispose();
        _checkpointer?.Dispose();
        disk.Dispose();
    }

    private void FlushAsTheModeSays(bool wasDirty)
    {
        if (options.FlushMode == FlushMode.Always)
        {
            Flush();
            return;
        }

        // A loop that never rests never comes to the thread's own wait, so the flush is done here, too.
        if (wasDirty && FlushDue <= TimeSpan.Zero)
            Flush();
        else if (!wasDirty)
            _dirtySince = time.GetTimestamp();
    }

    private void Flush()
    {
        _writer!.Flush();
        KeepFlushed(_writer.LastRevision);
    }

    private void KeepFlushed(long revision)
    {
        Volatile.Write(ref _flushedRevision, revision);
        Volatile.Write(ref _flushedAt, Math.Max(time.GetTimestamp(), 1));
    }

    // A checkpoint makes room if there is enough for itself.
    private Outcome[] RefuseForSpace(IReadOnlyList<Transaction> batch)
    {
        BeginCheckpointIfDue();
        return AllOf(batch, new Outcome.NotApplied(NotAppliedReason.NoSpace));
    }

    private void BeginCheckpointIfDue()
    {
        if (_checkpointer!.TryBegin(_follower!.Latest, _writer!.AppendedBytes - _checkpointedBytes))
            _checkpointedBytes = _writer.AppendedBytes;
    }

    private void TellSpace(bool appended)
    {
        if (appended == !_hasNoSpace)
            return;
        _hasNoSpace = !appended;
        report(appended
            ? new(DiskLogEventKind.SpaceAgain, "There is room on the disk again; writes succeed.")
            : new(DiskLogEventKind.NoSpace, $"There is no room left for {disk.PathOf("")}. Writes are refused and reads go on. Make room on that disk; writes then succeed by themselves."));
    }

    // For good: after a failed flush nobody can tell what is on the disk, and a second one would say that all is well.
    private void Close(DiskLogException exception)
    {
        _closedReason = $"{exception.Message} Writes are refused and reads go on. Check the disk and the system's log, then restart the service: it loads what is on the disk.";
        _phase = DiskLogPhase.Closed;
        report(new(DiskLogEventKind.Closed, _closedReason));
    }

    private static Outcome[] AllOf(IReadOnlyList<Transaction> batch, Outcome outcome)
    {
        var outcomes = new Outcome[batch.Count];
        Array.Fill(outcomes, outcome);
        return outcomes;
    }
}
