using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Writes checkpoints, and deletes what they make superfluous. One call at a time.</summary>
/// <remarks>
/// Any replica may write one at any time, several too: the parts of each have keys of their own, and only the first to replace the manifest
/// that it began with counts.
/// </remarks>
internal sealed class CheckpointWriter(IEtcd etcd, EtcdLayout layout, EtcdLogOptions options, TimeProvider time)
{
    /// <summary>The checkpoints that are kept. A start loads the older one, so that its history reaches back.</summary>
    private const int Kept = 2;

    // Deleting a hundred thousand keys at once holds up every write of etcd for most of a second.
    private const int DeletedAtOnce = 1000;

    // A checkpoint has many parts, and one call that fails, such as while the leader is replaced, must not be the end of all of them.
    private const int AttemptsMax = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="state">The state that it is of.</param>
    /// <param name="hash">The hash of that state.</param>
    /// <param name="manifest">The manifest before.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The checkpoint; null if another replica was first.</returns>
    public async Task<Checkpoint?> WriteAsync(MarkedState state, byte[] hash, KnownManifest manifest, CancellationToken cancellationToken)
    {
        var parts = 0;
        var bytes = 0L;
        foreach (var part in EntriesCodec.Encode(state.Snapshot.ScanAll(), options.PartBytesMax))
        {
            var put = new RequestOp { RequestPut = new PutRequest { Key = layout.CheckpointPart(state.CheckpointId, parts++), Value = UnsafeByteOperations.UnsafeWrap(part) } };
            await PutAsync(new TxnRequest { Success = { put } }, cancellationToken).ConfigureAwait(false);
            bytes += part.Length;
        }

        var checkpoint = new Checkpoint
        {
            Id = state.CheckpointId,
            Revision = state.Snapshot.Revision,
            Position = state.Position,
            Head = state.Head,
            Parts = parts,
            Entries = state.Snapshot.TotalCount,
            Bytes = bytes,
            Hash = ByteString.CopyFrom(hash),
        };
        return await TryReplaceAsync(manifest, checkpoint, cancellationToken).ConfigureAwait(false) ? checkpoint : null;
    }

    /// <summary>Deletes the parts of checkpoints that do not count: of those that another replica was faster with, and of replicas that ended while they wrote.</summary>
    public async Task DeleteOthersAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var known = manifest.Checkpoints.Select(checkpoint => checkpoint.Id).ToHashSet();
        var next = layout.Checkpoints;
        var end = EtcdLayout.EndOf(layout.Checkpoints);
        while (true)
        {
            var found = await etcd.RangeAsync(new RangeRequest { Key = next, RangeEnd = end, Limit = 1, KeysOnly = true }, cancellationToken).ConfigureAwait(false);
            if (found.Kvs is not [var first])
                return;
            var id = layout.CheckpointOf(first.Key);
            var parts = layout.Checkpoint(id);

            // What is newer than the manifest before this one may still be under way.
            if (!known.Contains(id) && first.ModRevision < manifest.Replaced)
                await etcd.TxnAsync(new TxnRequest { Success = { Delete(parts, EtcdLayout.EndOf(parts)) } }, cancellationToken).ConfigureAwait(false);
            next = EtcdLayout.EndOf(parts);
        }
    }

    /// <summary>Deletes the records that the older checkpoint of a manifest includes, as far as the order of their keys tells.</summary>
    /// <param name="before">The manifest that this one replaced.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <remarks>
    /// The older checkpoint was introduced by the manifest before. Every record after it was guarded by the manifest that that one replaced, or by a later one,
    /// and its hint is not below the revision of the manifest that it was guarded by. No record below that can be created any more, so this may end at any point.
    /// </remarks>
    public async Task DeleteRecordsAsync(Manifest before, CancellationToken cancellationToken)
    {
        var end = layout.RecordsFrom(before.Replaced);
        while (before.Replaced > 0)
        {
            var found = await etcd.RangeAsync(new RangeRequest { Key = layout.Records, RangeEnd = end, Limit = DeletedAtOnce, KeysOnly = true }, cancellationToken).ConfigureAwait(false);
            var next = found.More ? found.Kvs[^1].Key : end;
            if (found.Kvs.Count > 0)
                await etcd.TxnAsync(new TxnRequest { Success = { Delete(layout.Records, next) } }, cancellationToken).ConfigureAwait(false);
            if (!found.More)
                return;
        }
    }

    // The same part under the same key, however often.
    private async Task PutAsync(TxnRequest put, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await etcd.TxnAsync(put, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (EtcdException exception) when (attempt < AttemptsMax && exception.Failure is EtcdFailure.Unknown or EtcdFailure.NotSent or EtcdFailure.Refused)
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static RequestOp Delete(ByteString from, ByteString end) => new() { RequestDeleteRange = new DeleteRangeRequest { Key = from, RangeEnd = end } };

    private async Task<bool> TryReplaceAsync(KnownManifest before, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var manifest = new Manifest { Format = RecordFormat.Current, Replaced = before.Revision };
        manifest.Checkpoints.AddRange(before.Value.Checkpoints.TakeLast(Kept - 1));
        manifest.Checkpoints.Add(checkpoint);
        var request = new TxnRequest
        {
            Compare = { new Compare { Target = Compare.Types.CompareTarget.Mod, Key = layout.Manifest, ModRevision = before.Revision } },
            Success =
            {
                new RequestOp { RequestPut = new PutRequest { Key = layout.Manifest, Value = manifest.ToByteString() } },
                Delete(layout.Checks, EtcdLayout.EndOf(layout.Checks)),
            },
        };
        foreach (var old in before.Value.Checkpoints.SkipLast(Kept - 1))
            request.Success.Add(Delete(layout.Checkpoint(old.Id), EtcdLayout.EndOf(layout.Checkpoint(old.Id))));
        return (await etcd.TxnAsync(request, cancellationToken).ConfigureAwait(false)).Succeeded;
    }
}
