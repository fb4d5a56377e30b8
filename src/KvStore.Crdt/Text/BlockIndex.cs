namespace KvStore.Crdt;

/// <summary>The blocks of one author by their sequences.</summary>
internal sealed class BlockIndex(ReplicaId author) : SortedBlocks
{
    /// <summary>The block that has an element; null if there is none.</summary>
    public Block? Find(ulong sequence) => Around(author, sequence).Before is { } block && block.Last >= sequence ? block : null;

    /// <summary>The first block that has elements from a sequence on.</summary>
    public Block? FirstFrom(ulong sequence)
    {
        var (before, after) = Around(author, sequence);
        return before is not null && before.Last >= sequence ? before : after;
    }

    /// <summary>The parts of blocks that have elements of a run, in ascending order. They may be split and joined meanwhile.</summary>
    public IEnumerable<(Block Block, int Offset, int Count)> Parts(DotRun run)
    {
        var (first, last) = run;
        while (first <= last && FirstFrom(first) is { } block && block.First <= last)
        {
            var offset = first > block.First ? (int)(first - block.First) : 0;
            var count = (int)Math.Min((ulong)(block.Length - offset), last - block.First - (ulong)offset + 1);
            first = block.First + (ulong)offset + (ulong)count;
            yield return (block, offset, count);
        }
    }
}
