using System.Collections.Concurrent;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Loads a checkpoint. Thread-safe.</summary>
internal sealed class CheckpointReader(IEtcd etcd, EtcdLayout layout)
{
    // Read ahead of what the state takes. A part has a megabyte, unless set.
    private const int PartsAheadMax = 8;

    /// <summary>Replaces the state by that of a checkpoint.</summary>
    /// <exception cref="CheckpointGoneException">A part is missing: the checkpoint was replaced while it was read.</exception>
    public async Task LoadAsync(Checkpoint checkpoint, ICommitFollower follower, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var parts = new BlockingCollection<ReadOnlyMemory<byte>>();
        using var room = new SemaphoreSlim(PartsAheadMax);
        var loading = Task.Run(() => follower.Load(checkpoint.Revision, Entries(parts, room, checkpoint, ended.Token)), CancellationToken.None);
        try
        {
            for (var part = 0; part < checkpoint.Parts; part++)
            {
                await Task.WhenAny(room.WaitAsync(ended.Token), loading).Unwrap().ConfigureAwait(false);
                parts.Add(await ReadAsync(checkpoint, part, ended.Token).ConfigureAwait(false), ended.Token);
            }

            parts.CompleteAdding();
        }
        catch
        {
            // The follower keeps the state that it had.
            await ended.CancelAsync().ConfigureAwait(false);
            await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await loading.ConfigureAwait(false);
    }

    private static IEnumerable<Entry> Entries(BlockingCollection<ReadOnlyMemory<byte>> parts, SemaphoreSlim room, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var count = 0L;
        Key last = default;
        foreach (var part in parts.GetConsumingEnumerable(cancellationToken))
        {
            room.Release();
            foreach (var entry in EntriesCodec.Decode(part, last, checkpoint.Revision))
            {
                count++;
                last = entry.Key;
                yield return entry;
            }
        }

        if (count != checkpoint.Entries)
            throw new RecordFormatException($"The checkpoint {checkpoint.Id} has {count} entries instead of {checkpoint.Entries}.");
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(Checkpoint checkpoint, int part, CancellationToken cancellationToken)
    {
        var found = await etcd.RangeAsync(new RangeRequest { Key = layout.CheckpointPart(checkpoint.Id, part) }, cancellationToken).ConfigureAwait(false);
        return found.Kvs is [var only] ? only.Value.Memory : throw new CheckpointGoneException($"The checkpoint {checkpoint.Id} has no part {part} any more.");
    }
}

/// <summary>A checkpoint was replaced by newer ones while it was read.</summary>
internal sealed class CheckpointGoneException(string message) : Exception(message);
