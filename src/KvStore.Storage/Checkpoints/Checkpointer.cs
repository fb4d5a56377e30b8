namespace KvStore.Storage;

/// <summary>
/// Writes checkpoints in the background, one at a time, and deletes what they cover. Any thread may use it. A checkpoint that
/// fails changes nothing. What its snapshot keeps in memory is counted meanwhile.
/// </summary>
internal sealed class Checkpointer(
    IDisk disk,
    DiskLogOptions options,
    StoreId store,
    SegmentList segments,
    Func<Snapshot, IDisposable> hold,
    TimeProvider time,
    Action<DiskLogEvent> report,
    Action<Action> runInBackground) : IDisposable
{
    private readonly CheckpointWriter _writer = new(disk, options, store, time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();

    // Replaced under the lock, read by any thread.
    private volatile Task<DiskCheckpoint>? _running;

    private volatile DiskCheckpoint _last = new(0, null, 0, null);
    private long _failedAt;

    // How many bytes of the log the last one that was due covers; negative for segments that recovery replayed.
    private long _coveredBytes;

    /// <summary>The newest checkpoint; of revision 0 if there is none.</summary>
    public DiskCheckpoint Last => _last;

    public bool IsRunning => _running is { IsCompleted: false };

    /// <summary>Sets the checkpoint that recovery loaded, and the bytes of the log that it does not cover.</summary>
    public void Recovered(long revision, long bytes, long logBytes) =>
        (_last, _coveredBytes) = (new DiskCheckpoint(revision, null, bytes, null), -logBytes);

    /// <summary>Whether to begin a checkpoint: the log has grown enough since the last one, and the retry delay after a failure is over.</summary>
    /// <param name="snapshot">The current state.</param>
    /// <param name="appendedBytes">Bytes of the log so far.</param>
    /// <param name="hasNoSpace">Whether the disk is full: then a checkpoint is due as soon as it would free more than the emergency reserve.</param>
    public bool IsDue(Snapshot snapshot, long appendedBytes, bool hasNoSpace)
    {
        var logBytes = appendedBytes - Volatile.Read(ref _coveredBytes);
        var isEnough = logBytes >= Math.Max(options.CheckpointLogBytesMin, _last.Bytes / 100 * options.CheckpointLogPercent) ||
            (hasNoSpace && logBytes + _last.Bytes - CheckpointWriter.BytesMin(snapshot) > options.EmergencyReserveBytes);
        return isEnough && snapshot.Revision != _last.Revision && !IsRunning &&
            Volatile.Read(ref _failedAt) is var failedAt && (failedAt == 0 || time.GetElapsedTime(failedAt) >= options.CheckpointRetryDelay);
    }

    /// <summary>Begins a checkpoint, unless one is being written.</summary>
    /// <param name="snapshot">The current state.</param>
    /// <param name="appendedBytes">Bytes of the log so far.</param>
    public void TryBegin(Snapshot snapshot, long appendedBytes) => Begin(snapshot, appendedBytes, out _);

    /// <summary>
    /// Writes a checkpoint of the current or a later state, unless there is one: a checkpoint that has its name may be in use as
    /// a backup, so it is never written again. If callers race, one checkpoint serves all of them.
    /// </summary>
    public async Task<DiskCheckpoint> WriteAsync(Func<Snapshot> latest, CancellationToken cancellationToken)
    {
        var wanted = latest();
        while (true)
        {
            if (_last is { Revision: > 0 } last && last.Revision >= wanted.Revision)
                return last.Entries is null ? last with { Entries = wanted.Count } : last;
            var begun = Begin(latest(), null, out var checkpoint);
            var done = checkpoint.WaitAsync(cancellationToken);
            if (begun)
                return await done.ConfigureAwait(false);
            await ((Task)done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Cancels the running checkpoint and waits for its end. None may be begun afterwards.</summary>
    public async ValueTask StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_running is { } running)
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private bool Begin(Snapshot snapshot, long? appendedBytes, out Task<DiskCheckpoint> running)
    {
        var completion = new TaskCompletionSource<DiskCheckpoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_running is { IsCompleted: false } other)
            {
                running = other;
                return false;
            }

            _running = running = completion.Task;
        }

        var held = hold(snapshot);
        runInBackground(() => Run(snapshot, held, appendedBytes, completion));
        return true;
    }

    private void Run(Snapshot snapshot, IDisposable held, long? appendedBytes, TaskCompletionSource<DiskCheckpoint> completion)
    {
        try
        {
            long bytes;
            using (held)
                bytes = _writer.Write(snapshot, _stopping.Token);
            _last = new DiskCheckpoint(snapshot.Revision, snapshot.Count, bytes, time.GetUtcNow());
            if (appendedBytes is { } covered)
                Volatile.Write(ref _coveredBytes, covered);
            DeleteCovered(snapshot.Revision);
            Volatile.Write(ref _failedAt, 0);
            report(new(DiskLogEventKind.CheckpointWritten, $"Checkpoint of revision {snapshot.Revision} written: {snapshot.Count} entries, {bytes} bytes."));
            completion.SetResult(_last);
        }
        catch (OperationCanceledException)
        {
            Abandon(snapshot);
            completion.SetCanceled();
        }
        catch (Exception exception)
        {
            // No failure of a checkpoint affects the log, and callers that wait for it must get an answer.
            Volatile.Write(ref _failedAt, Math.Max(time.GetTimestamp(), 1));
            Abandon(snapshot);
            report(new(DiskLogEventKind.CheckpointFailed,
                $"The checkpoint of revision {snapshot.Revision} failed; what was on the disk before is whole. The next one is tried after {options.CheckpointRetryDelay.TotalSeconds:F0} seconds at the earliest. {exception.Message}"));
            completion.SetException(exception);
        }
    }

    // Never written to again, because a flush of it may have failed: the next attempt creates another file.
    private void Abandon(Snapshot snapshot)
    {
        try
        {
            var name = FileNames.Of(snapshot.Revision, FileNames.Checkpoint) + FileNames.Unfinished;
            if (disk.List().Contains(name))
                disk.Delete(name);
        }
        catch (DiskLogException)
        {
            // The next start deletes it.
        }
    }

    private void DeleteCovered(long revision)
    {
        foreach (var older in FileNames.Revisions(disk.List(), FileNames.Checkpoint).Where(older => older < revision))
            disk.Delete(FileNames.Of(older, FileNames.Checkpoint));
        while (segments.OldestCovered(revision) is { } segment)
        {
            disk.Delete(FileNames.Of(segment, FileNames.Segment));
            segments.RemoveOldest();
        }
    }
}
