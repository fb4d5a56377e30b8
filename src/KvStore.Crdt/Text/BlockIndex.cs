namespace KvStore.Crdt;

/// <summary>The blocks of one author by their sequences: a list of chunks, so that a search is logarithmic and an insertion moves little.</summary>
internal sealed class BlockIndex
{
    private const int ChunkMax = 256;

    private readonly List<List<Block>> _chunks = [];

    public bool IsEmpty => _chunks.Count == 0;

    /// <summary>The block that has an element; null if there is none.</summary>
    public Block? Find(ulong sequence)
    {
        if (IsEmpty)
            return null;
        var chunk = _chunks[ChunkOf(sequence)];
        var index = CountUpTo(chunk, sequence) - 1;
        return index >= 0 && chunk[index].Last >= sequence ? chunk[index] : null;
    }

    /// <summary>The blocks that have elements from a sequence on, in ascending order. They may be split meanwhile.</summary>
    public IEnumerable<Block> From(ulong sequence)
    {
        while (FirstFrom(sequence) is { } block)
        {
            yield return block;
            if (block.Last + 1 > sequence)
                sequence = block.Last + 1;
        }
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

    /// <summary>The first block that has elements from a sequence on.</summary>
    public Block? FirstFrom(ulong sequence)
    {
        if (IsEmpty)
            return null;
        var at = ChunkOf(sequence);
        var index = CountUpTo(_chunks[at], sequence) - 1;
        if (index >= 0 && _chunks[at][index].Last >= sequence)
            return _chunks[at][index];
        return index + 1 < _chunks[at].Count ? _chunks[at][index + 1] : at + 1 < _chunks.Count ? _chunks[at + 1][0] : null;
    }

    public void Add(Block block)
    {
        if (IsEmpty)
            _chunks.Add([]);
        var at = ChunkOf(block.First);
        var chunk = _chunks[at];
        chunk.Insert(CountUpTo(chunk, block.First), block);
        if (chunk.Count <= ChunkMax)
            return;

        // Mostly blocks are added at the end: then the full chunk stays full.
        var kept = at == _chunks.Count - 1 ? ChunkMax - 1 : ChunkMax / 2;
        _chunks.Insert(at + 1, chunk[kept..]);
        chunk.RemoveRange(kept, chunk.Count - kept);
    }

    public void Remove(Block block)
    {
        var at = ChunkOf(block.First);
        _chunks[at].RemoveAt(CountUpTo(_chunks[at], block.First) - 1);
        if (_chunks[at].Count == 0)
            _chunks.RemoveAt(at);
    }

    private int ChunkOf(ulong sequence)
    {
        var (low, high) = (0, _chunks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_chunks[middle][0].First <= sequence)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    private static int CountUpTo(List<Block> chunk, ulong sequence)
    {
        var (low, high) = (0, chunk.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (chunk[middle].First <= sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
