namespace KvStore.Crdt;

/// <summary>Blocks in the order of author and sequence: a list of chunks, so that a search is logarithmic and an insertion moves little, however many there are.</summary>
internal class SortedBlocks
{
    private const int ChunkMax = 256;

    private readonly List<List<Block>> _chunks = [];

    public bool IsEmpty => _chunks.Count == 0;

    public Block First => _chunks[0][0];

    public Block Last => _chunks[^1][^1];

    /// <summary>The only block; null if there are others too.</summary>
    public Block? Only => _chunks is [[var only]] ? only : null;

    public void Add(Block block)
    {
        if (IsEmpty)
            _chunks.Add([]);
        var (at, index) = After(block.Author!.Id, block.First);
        var chunk = _chunks[at];
        chunk.Insert(index, block);
        if (chunk.Count <= ChunkMax)
            return;

        // Mostly blocks are added at the end: then the full chunk stays full.
        var kept = at == _chunks.Count - 1 ? ChunkMax - 1 : ChunkMax / 2;
        _chunks.Insert(at + 1, chunk[kept..]);
        chunk.RemoveRange(kept, chunk.Count - kept);
    }

    public void Remove(Block block)
    {
        var (at, index) = After(block.Author!.Id, block.First);
        _chunks[at].RemoveAt(index - 1);
        if (_chunks[at].Count == 0)
            _chunks.RemoveAt(at);
    }

    /// <summary>The last block that begins at a place or before it, and the first one after it.</summary>
    public (Block? Before, Block? After) Around(ReplicaId author, ulong sequence)
    {
        if (IsEmpty)
            return default;
        var (at, index) = After(author, sequence);
        var chunk = _chunks[at];
        return (index > 0 ? chunk[index - 1] : null, index < chunk.Count ? chunk[index] : at + 1 < _chunks.Count ? _chunks[at + 1][0] : null);
    }

    // The chunk where a place is, and how many of its blocks begin there or before. Not 0, except in the first chunk.
    private (int Chunk, int Count) After(ReplicaId author, ulong sequence)
    {
        var (low, high) = (0, _chunks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (IsAfter(_chunks[middle][0], author, sequence))
                high = middle - 1;
            else
                low = middle;
        }

        var chunk = _chunks[low];
        var (from, to) = (0, chunk.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (IsAfter(chunk[middle], author, sequence))
                to = middle;
            else
                from = middle + 1;
        }

        return (low, from);
    }

    private static bool IsAfter(Block block, ReplicaId author, ulong sequence)
    {
        var order = block.Author!.Id.CompareTo(author);
        return order > 0 || (order == 0 && block.First > sequence);
    }
}
