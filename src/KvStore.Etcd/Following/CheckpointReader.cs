using System.Collections.Concurrent;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Loads a checkpoint. Thread-safe.</summary>
internal sealed class CheckpointReader(IEtcd etcd, EtcdLayout layout, Action<EtcdLogEvent> report)
{
    // Read ahead of what the state takes. A part has a megabyte, unless set.
    private const int PartsAheadMax = 8;

    /// <summary>Replaces the state by that of the older checkpoint of a manifest, so that the history reaches back; by that of the newer one if the older is damaged.</summary>
    /// <returns>The checkpoint that was loaded.</returns>
    /// <exception cref="CheckpointGoneException">A part is missing: the checkpoint was replaced while it was read.</exception>
    /// <exception cref="RecordFormatException">Both are damaged. The state is what it was.</exception>
    public async Task<Checkpoint> LoadAsync(Manifest manifest, ICommitFollower follower, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            var checkpoint = manifest.Checkpoints[i];
            try
            {
                await LoadAsync(checkpoint, follower, cancellationToken).ConfigureAwait(false);
                return checkpoint;
            }
            catch (RecordFormatException exception)
            {
                var message = $"The checkpoint {checkpoint.Id} in etcd is damaged: {exception.Message}";
                if (i + 1 == manifest.Checkpoints.Count)
                    throw new RecordFormatException($"{message} No other one can take its place. Restore a backup of etcd.");
                report(new(EtcdLogEventKind.CheckpointDamaged, $"{message} The next one is loaded instead, so the history of changes begins later."));
            }
        }
    }

    private async Task LoadAsync(Checkpoint checkpoint, ICommitFollower follower, CancellationToken cancellationToken)
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
        using var hash = new StateHash(checkpoint.Revision);
        Key last = default;
        foreach (var part in parts.GetConsumingEnumerable(cancellationToken))
        {
            room.Release();
            foreach (var entry in EntriesCodec.Decode(part, last, checkpoint.Revision))
            {
                count++;
                hash.Add(entry);
                last = entry.Key;
                yield return entry;
            }
        }

        if (count != checkpoint.Entries)
            throw new RecordFormatException($"It has {count} entries instead of {checkpoint.Entries}.");
        if (!checkpoint.Hash.Span.SequenceEqual(hash.Finish()))
            throw new RecordFormatException("Its entries are not those that were written, by their hash.");
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(Checkpoint checkpoint, int part, CancellationToken cancellationToken)
    {
        var found = await etcd.RangeAsync(new RangeRequest { Key = layout.CheckpointPart(checkpoint.Id, part) }, cancellationToken).ConfigureAwait(false);
        return found.Kvs is [var only] ? only.Value.Memory : throw new CheckpointGoneException($"The checkpoint {checkpoint.Id} has no part {part} any more.");
    }
}

/// <summary>A checkpoint was replaced by newer ones while it was read.</summary>
internal sealed class CheckpointGoneException(string message) : Exception(message);
