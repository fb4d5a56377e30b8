namespace KvStore.Storage;

/// <summary>
/// Makes checkpoints in the background, one at a time, and deletes what they cover. Any thread may use it. A checkpoint that
/// fails leaves what was there before.
/// </summary>
internal sealed class Checkpointer(
    IDisk disk, DiskLogOptions options, SegmentList segments, TimeProvider time, Action<DiskLogEvent> report, Action<Action> runInBackground) : IDisposable
{
    private readonly CheckpointWriter _writer = new(disk, options, time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();

    // Guarded by the lock.
    private Task<DiskCheckpoint>? _running;

    private volatile DiskCheckpoint _last = new(0, null, 0, null);
    private long _failedAt;

    /// <summary>The newest checkpoint; one of revision 0 if there is none.</summary>
    public DiskCheckpoint Last => _last;

    /// <summary>Whether one is being written.</summary>
    public bool Runs
    {
        get
        {
            lock (_lock)
                return _running is { IsCompleted: false };
        }
    }

    /// <summary>Says which checkpoint was found at the start.</summary>
    public void Found(long revision, long bytes) => _last = new DiskCheckpoint(revision, null, bytes, null);

    /// <summary>Begins a checkpoint if the log has become long enough and the last failure is long enough ago.</summary>
    /// <returns>Whether one was begun.</returns>
    public bool TryBegin(Snapshot snapshot, long logBytes)
    {
        if (logBytes < Math.Max(options.CheckpointLogBytesMin, _last.Bytes / 100 * options.CheckpointLogPercent) || snapshot.Revision == _last.Revision)
            return false;
        if (Volatile.Read(ref _failedAt) is var failedAt && failedAt != 0 && time.GetElapsedTime(failedAt) < options.CheckpointRetryDelay)
            return false;
        return Begin(snapshot, out _);
    }

    /// <summary>
    /// Makes a checkpoint of a state that is at least as new as the one that there is now, unless there is one: a file that has
    /// its name may be a backup that somebody copies, and any number of callers want only one.
    /// </summary>
    public async Task<DiskCheckpoint> MakeAsync(Func<Snapshot> latest, CancellationToken cancellationToken)
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

    /// <summary>Gives up the checkpoint that is being written and waits until it is gone. None may be begun any more.</summary>
    public async ValueTask StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task? running;
        lock (_lock)
            running = _running;
        if (running is not null)
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            // Whatever it was, the log itself is untouched, and whoever waits must not wait for ever.
            Volatile.Write(ref _failedAt, Math.Max(time.GetTimestamp(), 1));
            Abandon(snapshot);
            report(new(DiskLogEventKind.CheckpointFailed,
                $"The checkpoint of revision {snapshot.Revision} failed; what was on the disk before is whole. The next one is tried after {options.CheckpointRetryDelay.TotalSeconds:F0} seconds at the earliest. {exception.Message}"));
            completion.SetException(exception);
        }
    }

    // Never written to again, because a flush of it may have failed: the next attempt makes another file.
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
