namespace KvStore.Crdt;

/// <summary>The children on one side of an element, in the order of author and sequence, which is that of the text. Mostly none or one.</summary>
internal struct Siblings
{
    // Nothing, the only block, or several.
    private object? _blocks;

    public readonly bool IsEmpty => _blocks is null;

    public readonly bool IsOne => _blocks is Block;

    /// <summary>The siblings before and after a block that is not among them.</summary>
    public readonly (Block? Before, Block? After) Around(Block block)
    {
        if (_blocks is SortedBlocks many)
            return many.Around(block.Author!.Id, block.First);
        if (_blocks is not Block only)
            return default;
        var order = only.Author!.Id.CompareTo(block.Author!.Id);
        return order > 0 || (order == 0 && only.First > block.First) ? (null, only) : (only, null);
    }

    public void Add(Block block)
    {
        if (_blocks is SortedBlocks many)
        {
            many.Add(block);
        }
        else if (_blocks is Block only)
        {
            many = new SortedBlocks();
            many.Add(only);
            many.Add(block);
            _blocks = many;
        }
        else
        {
            _blocks = block;
        }
    }

    public void Remove(Block block)
    {
        if (_blocks is not SortedBlocks many)
        {
            _blocks = null;
            return;
        }

        many.Remove(block);
        if (many.Only is { } only)
            _blocks = only;
    }
}
