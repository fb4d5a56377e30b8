namespace KvStore.Storage;

/// <summary>
/// Writes checkpoints in the background, one at a time, and deletes what they cover. Any thread may use it. A checkpoint that
/// fails changes nothing.
/// </summary>
internal sealed class Checkpointer(
    IDisk disk,
    DiskLogOptions options,
    StoreId store,
    SegmentList segments,
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

    /// <summary>The newest checkpoint; of revision 0 if there is none.</summary>
    public DiskCheckpoint Last => _last;

    public bool IsRunning => _running is { IsCompleted: false };

    /// <summary>Sets the checkpoint that recovery loaded.</summary>
    public void Recovered(long revision, long bytes) => _last = new DiskCheckpoint(revision, null, bytes, null);

    /// <summary>Begins a checkpoint if the log has grown enough since the last one, and the retry delay after a failure is over.</summary>
    public bool TryBegin(Snapshot snapshot, long logBytes)
    {
        if (logBytes < Math.Max(options.CheckpointLogBytesMin, _last.Bytes / 100 * options.CheckpointLogPercent) || snapshot.Revision == _last.Revision)
            return false;
        if (Volatile.Read(ref _failedAt) is var failedAt && failedAt != 0 && time.GetElapsedTime(failedAt) < options.CheckpointRetryDelay)
            return false;
        return Begin(snapshot, out _);
    }

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
            var begun = Begin(latest(), out var checkpoint);
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

    private bool Begin(Snapshot snapshot, out Task<DiskCheckpoint> running)
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

        runInBackground(() => Run(snapshot, completion));
        return true;
    }

    private void Run(Snapshot snapshot, TaskCompletionSource<DiskCheckpoint> completion)
    {
        try
        {
            var bytes = _writer.Write(snapshot, _stopping.Token);
            DeleteCovered(snapshot.Revision);
            _last = new DiskCheckpoint(snapshot.Revision, snapshot.Count, bytes, time.GetUtcNow());
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
