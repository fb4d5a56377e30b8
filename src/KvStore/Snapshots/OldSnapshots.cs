namespace KvStore;

/// <summary>
/// Finds the state at an older revision: a retained snapshot, or one that is made from a newer snapshot by undoing the commits between them.
/// Requests for the same revision share the work, which ends when all of them have left. Thread-safe.
/// </summary>
internal sealed class OldSnapshots(History history, SnapshotHolds holds, RetainedSnapshots retained, MemoryAccount account, ReadGate gate)
{
    // A fraction of a millisecond. After it, other work of the thread pool comes first. Commits do not measure it: one of an import has 100 changes.
    private const int ChangesPerSlice = 256;

    private readonly Lock _lock = new();

    // Guarded by the lock.
    private readonly Dictionary<long, Reconstruction> _running = [];

    /// <summary>The state at a revision.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="latest">The latest snapshot.</param>
    /// <param name="cancellationToken">Ends the wait, and the work unless another request waits for it.</param>
    public ValueTask<SnapshotRead> FindAsync(long revision, Snapshot latest, CancellationToken cancellationToken)
    {
        if (revision == latest.Revision)
            return ValueTask.FromResult(new SnapshotRead(latest, false));
        if (revision > latest.Revision)
            return ValueTask.FromResult(default(SnapshotRead));
        if (retained.Find(revision) is { } kept)
            return ValueTask.FromResult(new SnapshotRead(kept, false));
        return history.Reaches(revision) ? JoinAsync(revision, latest, cancellationToken) : ValueTask.FromResult(default(SnapshotRead));
    }

    private async ValueTask<SnapshotRead> JoinAsync(long revision, Snapshot latest, CancellationToken cancellationToken)
    {
        Reconstruction? reconstruction;
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_running.TryGetValue(revision, out reconstruction);
            if (reconstruction is null)
                _running.Add(revision, reconstruction = new Reconstruction());
            reconstruction.Readers++;
        }

        if (isFirst)
            _ = RunAsync(reconstruction, revision, latest);
        try
        {
            return await reconstruction.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (Leave(reconstruction, revision))
                reconstruction.Cancel();
        }
    }

    // Whether it was the last reader of what still runs. A later request must not join that, because it is going to be cancelled.
    private bool Leave(Reconstruction reconstruction, long revision)
    {
        lock (_lock)
        {
            if (--reconstruction.Readers > 0 || _running.GetValueOrDefault(revision) != reconstruction)
                return false;
            _running.Remove(revision);
            return true;
        }
    }

    private async Task RunAsync(Reconstruction reconstruction, long revision, Snapshot latest)
    {
        try
        {
            using var pass = await gate.EnterAsync(reconstruction.Token).ConfigureAwait(false);
            End(pass is null ? new SnapshotRead(null, true) : await UndoAsync(revision, latest, reconstruction.Token).ConfigureAwait(false), null);
        }
        catch (Exception exception)
        {
            End(default, exception);
        }

        void End(SnapshotRead result, Exception? exception)
        {
            lock (_lock)
            {
                if (_running.GetValueOrDefault(revision) == reconstruction)
                    _running.Remove(revision);
                reconstruction.End(result, exception);
            }
        }
    }

    private async ValueTask<SnapshotRead> UndoAsync(long revision, Snapshot latest, CancellationToken cancellationToken)
    {
        var origin = retained.HoldNearest(revision, latest);
        var charged = 0L;
        try
        {
            var builder = origin.ToBuilder();
            var walk = history.WalkBack();
            var changes = 0;
            for (var found = walk.MoveBackTo(origin.Revision); found && walk.Revision > revision; found = walk.MoveBack())
            {
                builder.Undo(walk.Current);
                changes += Math.Max(1, walk.Current.Changes.Length);
                if (changes < ChangesPerSlice)
                    continue;
                changes = 0;
                cancellationToken.ThrowIfCancellationRequested();
                if (!TryCharge(builder.UnsharedBytes - origin.UnsharedBytes, ref charged))
                    return new SnapshotRead(null, true);
                await Task.Yield();
            }

            // Commits that were dropped meanwhile may have been missed.
            if (!history.Reaches(revision))
                return default;
            if (!TryCharge(builder.UnsharedBytes - origin.UnsharedBytes, ref charged))
                return new SnapshotRead(null, true);
            var snapshot = builder.ToOldSnapshot(revision);
            account.Release(charged);
            charged = 0;
            holds.HoldOlder(snapshot, origin);
            retained.Retain(snapshot);
            holds.Release(snapshot);
            return new SnapshotRead(snapshot, false);
        }
        finally
        {
            account.Release(charged);
            holds.Release(origin);
        }
    }

    private bool TryCharge(long bytes, ref long charged)
    {
        var more = bytes - charged;
        if (more <= 0)
            return true;
        if (!retained.TryReleaseMemory(more) || !account.TryCharge(more))
            return false;
        charged = bytes;
        return true;
    }

#pragma warning disable CA1001 // A source without a timer has nothing to dispose of, and a late reader may still cancel.
    private sealed class Reconstruction
#pragma warning restore CA1001
    {
        private readonly TaskCompletionSource<SnapshotRead> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _cancellation = new();

        public Task<SnapshotRead> Task => _completion.Task;

        public CancellationToken Token => _cancellation.Token;

        /// <summary>The requests that wait.</summary>
        public int Readers { get; set; }

        public void Cancel() => _cancellation.Cancel();

        public void End(SnapshotRead result, Exception? exception)
        {
            if (exception is OperationCanceledException)
                _completion.TrySetCanceled(Token);
            else if (exception is not null)
                _completion.TrySetException(exception);
            else
                _completion.TrySetResult(result);
        }
    }
}

/// <summary>What became of the search for the state at a revision.</summary>
/// <param name="Snapshot">The state; null when it was not found.</param>
/// <param name="IsOverloaded">Whether the state is known but too many old states are being read, so that another attempt may find it.</param>
public readonly record struct SnapshotRead(Snapshot? Snapshot, bool IsOverloaded);
