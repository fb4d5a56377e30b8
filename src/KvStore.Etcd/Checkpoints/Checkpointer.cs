using System.Collections.Concurrent;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>
/// Decides when a checkpoint is written, and compares the states of replicas: after a mark in the log all hash their states, and if most have the same, one writes
/// its own as a checkpoint, with which the others compare theirs.
/// </summary>
internal sealed class Checkpointer(
    IEtcd etcd, EtcdLayout layout, LogState state, ICommitFollower follower, RecordWriter writer, Delivery delivery, EtcdLogOptions options, Action<EtcdLogEvent> report, TimeProvider time)
{
    private static readonly TimeSpan MarkTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CompactionInterval = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FailureReportInterval = TimeSpan.FromMinutes(10);

    // Before another mark is tried where one could not be written.
    private static readonly TimeSpan MarkPause = TimeSpan.FromSeconds(10);

    private readonly CheckpointWriter _checkpoints = new(etcd, layout, options, time);
    private readonly StateAgreement _agreement = new(etcd, layout, options, time);

    // The hashes of this replica after marks, until the manifest names another checkpoint.
    private readonly ConcurrentDictionary<string, byte[]> _hashes = new();
    private volatile string? _own;

    // The bytes since the last checkpoint when a mark was applied; 0 if there was none since.
    private long _bytesAtMark;

    // Where etcd's history is cut off next, and the start of that wait.
    private long _compactedAt = time.GetTimestamp();
    private long _next;
    private long? _markFailedAt;

    // As a timestamp; 0 for none since the last checkpoint.
    private long _failureReportedAt;
    private Task _running = Task.CompletedTask;

    /// <summary>Called when the state differs from that of most replicas.</summary>
    public Action<string>? Diverged { get; init; }

    // The replica with the lowest rank does it; the others wait longer, in case that it does not. After a mark, all wait for its checkpoint: every mark has every
    // replica hash its state, and a checkpoint that failed has written parts.
    private bool IsDue
    {
        get
        {
            var due = Math.Max(Math.Min(options.CheckpointLogBytesMin, options.DatabaseBytesMax / 16), follower.Latest.Bytes);
            return state.BytesSinceCheckpoint > Math.Max(due * (1 + (options.Rank() / 4.0)), Volatile.Read(ref _bytesAtMark) is > 0 and var atMark ? atMark + (due / 4) : 0);
        }
    }

    /// <summary>
    /// Has etcd forget what was superseded some minutes ago. Barriers and the membership write although no record is written and no checkpoint is ever due,
    /// so that an idle store would fill etcd in the end. Several replicas may do so. One call at a time.
    /// </summary>
    public async Task CompactIfDueAsync(CancellationToken cancellationToken)
    {
        if (!options.Compacts || time.GetElapsedTime(_compactedAt) < CompactionInterval)
            return;
        var revision = _next;
        (_compactedAt, _next) = (time.GetTimestamp(), state.Applied.Position);
        try
        {
            if (revision > 0)
                await etcd.CompactAsync(revision, cancellationToken).ConfigureAwait(false);
        }
        catch (EtcdException)
        {
            // It is compacted already, or will be.
        }
    }

    /// <summary>Asks for a checkpoint if it is time for one. One call at a time.</summary>
    public async Task RunIfDueAsync(CancellationToken cancellationToken)
    {
        if (_own is not null || !_running.IsCompleted || !IsDue || (_markFailedAt is { } failedAt && time.GetElapsedTime(failedAt) < MarkPause))
            return;
        var id = StoreId.Create().ToString();
        _own = id;
        try
        {
            if (!await writer.TryMarkAsync(id, delivery.After(MarkTimeout, cancellationToken)).ConfigureAwait(false))
                _own = null;
            _markFailedAt = null;
        }
        catch (EtcdException exception)
        {
            // If it is written all the same, no checkpoint follows it.
            (_own, _markFailedAt) = (null, time.GetTimestamp());
            ReportFailure(exception.Message);
        }
    }

    /// <summary>A mark was applied. Called by the thread that applies records, which is not kept.</summary>
    public void OnMarked(MarkedState marked, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _bytesAtMark, state.BytesSinceCheckpoint);
        var hold = follower.Hold(marked.Snapshot);
        var manifest = state.Manifest;
        var isOwn = marked.CheckpointId == _own;
        var before = _running;
        _running = Task.Run(
            async () =>
            {
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                using (hold)
                    await HashAndWriteAsync(marked, manifest, isOwn, cancellationToken).ConfigureAwait(false);
            },
            CancellationToken.None);
    }

    /// <summary>The manifest names another checkpoint.</summary>
    public void OnManifest(KnownManifest manifest)
    {
        _own = null;
        Volatile.Write(ref _bytesAtMark, 0);
        Compare(manifest);
        _hashes.Clear();
        Volatile.Write(ref _failureReportedAt, 0);
    }

    /// <summary>Waits until nothing runs any more.</summary>
    public async Task StopAsync() => await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task HashAndWriteAsync(MarkedState marked, KnownManifest manifest, bool isOwn, CancellationToken cancellationToken)
    {
        // With another manifest, the hashes of the others are deleted, and all that is left to compare with is a checkpoint.
        var id = marked.CheckpointId;
        bool IsOver() => state.Manifest.Revision > manifest.Revision;
        if (IsOver() && state.Manifest.Value.Checkpoints.All(checkpoint => checkpoint.Id != id))
            return;
        var hash = StateHash.Of(marked.Snapshot);
        _hashes[id] = hash;
        try
        {
            if (IsOver())
            {
                Compare(state.Manifest);
                return;
            }

            var verdict = await _agreement.FindAsync(id, writer.Writer, hash, IsOver, cancellationToken).ConfigureAwait(false);
            if (verdict.Agreement is Agreement.Differs or Agreement.Split && _hashes.TryRemove(id, out _))
            {
                Diverged?.Invoke(verdict.Agreement == Agreement.Differs
                    ? $"The state of this replica is that of {verdict.Same} of {verdict.Voters} replicas, and most have another one."
                    : $"The states of {verdict.Voters} replicas differ, and none is that of most. Each loads again what was agreed on last.");
            }
            else if (isOwn && verdict.Agreement == Agreement.Agreed)
                await WriteAsync(marked, hash, manifest, cancellationToken).ConfigureAwait(false);
            else if (isOwn && verdict.Agreement == Agreement.Undecided)
                ReportFailure($"of {verdict.Voters} replicas that serve, {verdict.Heard} have said what state they have, and more than half must have the same.");
        }
        catch (EtcdException exception)
        {
            if (isOwn)
                ReportFailure(exception.Message);
        }
        finally
        {
            if (isOwn)
                _own = null;
        }
    }

    private async Task WriteAsync(MarkedState marked, byte[] hash, KnownManifest manifest, CancellationToken cancellationToken)
    {
        if (await _checkpoints.WriteAsync(marked, hash, manifest, cancellationToken).ConfigureAwait(false) is not { } written)
            return;
        report(new(EtcdLogEventKind.CheckpointWritten, $"Wrote a checkpoint at revision {written.Revision}: {written.Entries} entries, {written.Bytes} bytes."));
        await _checkpoints.DeleteRecordsAsync(manifest.Value, cancellationToken).ConfigureAwait(false);
        await _checkpoints.DeleteOthersAsync(new Manifest { Replaced = manifest.Revision, Checkpoints = { manifest.Value.Checkpoints, written } }, cancellationToken).ConfigureAwait(false);

        // What was deleted takes space until etcd forgets its history.
        if (options.Compacts && manifest.Revision > 0)
            await etcd.CompactAsync(manifest.Revision, cancellationToken).ConfigureAwait(false);
    }

    private void Compare(KnownManifest manifest)
    {
        foreach (var checkpoint in manifest.Value.Checkpoints)
        {
            if (_hashes.TryRemove(checkpoint.Id, out var hash) && !checkpoint.Hash.Span.SequenceEqual(hash))
                Diverged?.Invoke($"The state of this replica differs from the checkpoint {checkpoint.Id}, on which most others have agreed.");
        }
    }

    // Once, and again after a while: the cause, such as an etcd without space, lasts for hours, and it is met each second.
    private void ReportFailure(string reason)
    {
        var now = time.GetTimestamp();
        if (Volatile.Read(ref _failureReportedAt) is not 0 and var before && time.GetElapsedTime(before, now) < FailureReportInterval)
            return;
        Volatile.Write(ref _failureReportedAt, now);
        report(new(EtcdLogEventKind.CheckpointFailed, $"No checkpoint: {reason}"));
    }
}
