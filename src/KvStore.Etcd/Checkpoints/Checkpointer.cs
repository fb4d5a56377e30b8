using System.Collections.Concurrent;
using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>
/// Decides when a checkpoint is written, and compares the states of replicas: after a mark in the log all hash their states, one writes its
/// own as a checkpoint, and the others compare theirs with it.
/// </summary>
internal sealed class Checkpointer(
    IEtcd etcd, EtcdLayout layout, LogState state, ICommitFollower follower, RecordWriter writer, Delivery delivery, EtcdLogOptions options, Action<EtcdLogEvent> report, TimeProvider time)
{
    private static readonly TimeSpan MarkTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CompactionInterval = TimeSpan.FromMinutes(5);

    private readonly CheckpointWriter _checkpoints = new(etcd, layout, options, time);

    // The hashes of this replica after marks, until the manifest names another checkpoint.
    private readonly ConcurrentDictionary<string, byte[]> _hashes = new();
    private volatile string? _own;

    // The bytes since the last checkpoint when a mark was applied; 0 if there was none since.
    private long _bytesAtMark;

    // Where etcd's history is cut off next, and the start of that wait.
    private long _compactedAt = time.GetTimestamp();
    private long _next;
    private Task _running = Task.CompletedTask;

    /// <summary>Called when the state differs from that of most replicas.</summary>
    public Action<string>? Diverged { get; init; }

    // The replica with the lowest rank does it; the others wait longer, in case that it does not. After a mark, all wait for its checkpoint: every mark has every
    // replica hash its state, and a checkpoint that failed has written parts.
    private bool IsDue
    {
        get
        {
            var due = Math.Max(options.CheckpointLogBytesMin, follower.Latest.Bytes);
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
        if (_own is not null || !_running.IsCompleted || !IsDue)
            return;
        var id = StoreId.Create().ToString();
        _own = id;
        try
        {
            if (!await writer.TryMarkAsync(id, delivery.After(MarkTimeout, cancellationToken)).ConfigureAwait(false))
                _own = null;
        }
        catch (EtcdException exception)
        {
            // If it is written all the same, no checkpoint follows it.
            _own = null;
            report(new(EtcdLogEventKind.CheckpointFailed, $"No checkpoint: {exception.Message}"));
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
        if (manifest.Value.Checkpoints is [.., var newest])
            Compare(newest.Id, newest.Hash);
    }

    /// <summary>Waits until nothing runs any more.</summary>
    public async Task StopAsync() => await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task HashAndWriteAsync(MarkedState marked, KnownManifest manifest, bool isOwn, CancellationToken cancellationToken)
    {
        var hash = StateHash.Of(marked.Snapshot);
        _hashes[marked.CheckpointId] = hash;
        try
        {
            var put = new RequestOp { RequestPut = new PutRequest { Key = layout.Check(marked.CheckpointId, writer.Writer), Value = ByteString.CopyFrom(hash) } };
            await etcd.TxnAsync(new TxnRequest { Success = { put } }, cancellationToken).ConfigureAwait(false);
            if (state.Manifest.Value.Checkpoints is [.., var newest])
                Compare(newest.Id, newest.Hash);
            if (isOwn && await IsAgreedAsync(marked.CheckpointId, hash, cancellationToken).ConfigureAwait(false))
                await WriteAsync(marked, hash, manifest, cancellationToken).ConfigureAwait(false);
        }
        catch (EtcdException exception)
        {
            if (isOwn)
                report(new(EtcdLogEventKind.CheckpointFailed, $"No checkpoint: {exception.Message}"));
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

    // A checkpoint of a state that most others do not have must not become the truth.
    private async Task<bool> IsAgreedAsync(string id, byte[] hash, CancellationToken cancellationToken)
    {
        var checks = layout.ChecksOf(id);
        var found = await etcd.RangeAsync(new RangeRequest { Key = checks, RangeEnd = EtcdLayout.EndOf(checks) }, cancellationToken).ConfigureAwait(false);
        var same = found.Kvs.Count(check => check.Value.Span.SequenceEqual(hash));
        if (same * 2 >= found.Kvs.Count)
            return true;
        Diverged?.Invoke($"The state of this replica differs from that of {found.Kvs.Count - same} of {found.Kvs.Count - 1} others.");
        return false;
    }

    private void Compare(string id, ByteString expected)
    {
        if (!_hashes.TryGetValue(id, out var hash))
            return;
        _hashes.Clear();
        if (!expected.Span.SequenceEqual(hash))
            Diverged?.Invoke($"The state of this replica differs from the checkpoint {id}, which another replica has written.");
    }
}
