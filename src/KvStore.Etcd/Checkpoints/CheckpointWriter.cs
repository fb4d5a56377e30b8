using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Writes checkpoints, and deletes what they make superfluous. One call at a time.</summary>
/// <remarks>
/// Any replica may write one at any time, several too: the parts of each have keys of their own, and only the first to replace the manifest
/// that it began with counts.
/// </remarks>
internal sealed class CheckpointWriter(IEtcd etcd, EtcdLayout layout, EtcdLogOptions options)
{
    /// <summary>The checkpoints that are kept. A start loads the older one, so that its history reaches back.</summary>
    private const int Kept = 2;

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
            await etcd.TxnAsync(new TxnRequest { Success = { put } }, cancellationToken).ConfigureAwait(false);
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

        // The older checkpoint that stays was introduced by the manifest before this one. Every record after it was guarded by the manifest that
        // that one replaced, or by a later one, and its hint is not below the revision of the manifest that it was guarded by.
        if (manifest.Checkpoints.Count == Kept && before.Value.Replaced > 0)
            request.Success.Add(Delete(layout.Records, layout.RecordsFrom(before.Value.Replaced)));
        foreach (var old in before.Value.Checkpoints.SkipLast(Kept - 1))
            request.Success.Add(Delete(layout.Checkpoint(old.Id), EtcdLayout.EndOf(layout.Checkpoint(old.Id))));
        return (await etcd.TxnAsync(request, cancellationToken).ConfigureAwait(false)).Succeeded;
    }
}
