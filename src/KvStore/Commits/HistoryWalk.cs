namespace KvStore;

/// <summary>
/// Walks the history from its newest commit back. It costs what it visits, however long the history is. Commits that are dropped meanwhile
/// may still be visited; <see cref="History.Reaches"/> says afterwards whether any were missed. Not thread-safe.
/// </summary>
internal struct HistoryWalk
{
    private HistoryChunk _chunk;
    private int _index;

    internal HistoryWalk(HistoryChunk newest) => (_chunk, _index) = (newest, newest.Count);

    /// <summary>The revision of the current commit.</summary>
    public readonly long Revision => _chunk.RevisionAt(_index);

    /// <summary>A new object for the current commit.</summary>
    public readonly Commit Current => _chunk.At(_index);

    /// <summary>Moves to the commit before; false when there is none, or it was unlinked.</summary>
    public bool MoveBack()
    {
        while (--_index < 0)
        {
            if (_chunk.Previous is not { } previous)
                return false;
            (_chunk, _index) = (previous, previous.Count);
        }

        return true;
    }

    /// <summary>Moves to the last commit at or before a revision; false when there is none, or it was unlinked.</summary>
    public bool MoveBackTo(long revision)
    {
        // A chunk that is newer as a whole costs one step.
        while (_chunk.Count == 0 || _chunk.RevisionAt(0) > revision)
        {
            if (_chunk.Previous is not { } previous)
                return false;
            (_chunk, _index) = (previous, previous.Count);
        }

        while (MoveBack())
        {
            if (Revision <= revision)
                return true;
        }

        return false;
    }
}
