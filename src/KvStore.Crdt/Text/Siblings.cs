namespace KvStore.Crdt;

/// <summary>The children on one side of an element, in the order of author and sequence, which is that of the text. Mostly none or one.</summary>
internal struct Siblings
{
    private Block? _only;
    private List<Block>? _many;

    public readonly int Count => _many?.Count ?? (_only is null ? 0 : 1);

    public readonly Block First => this[0];

    public readonly Block Last => this[Count - 1];

    public readonly Block this[int index] => _many is null ? _only! : _many[index];

    /// <summary>How many siblings come before a block that is not among them.</summary>
    public readonly int CountBefore(Block block)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Compare(this[middle], block) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    public void Insert(int index, Block block)
    {
        if (Count == 0)
        {
            _only = block;
            return;
        }

        _many ??= [_only!];
        _many.Insert(index, block);
    }

    public void Remove(Block block)
    {
        if (_many is null)
            _only = null;
        else
            _many.RemoveAt(CountBefore(block));
        if (_many is { Count: 1 })
            (_only, _many) = (_many[0], null);
    }

    private static int Compare(Block left, Block right)
    {
        var authors = left.Author!.Id.CompareTo(right.Author!.Id);
        return authors != 0 ? authors : left.First.CompareTo(right.First);
    }
}
