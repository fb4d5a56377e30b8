namespace KvStore.Storage;

/// <summary>The deletions by prefix that cover a key, while keys are visited in order.</summary>
internal sealed class DeletedPrefixes
{
    // Each prefix starts with the one below it, and was deleted later.
    private readonly Stack<RecordedChange> _covering = [];

    /// <summary>The revision of the last deletion that covers a key, which does not come before those of earlier calls; 0 without one.</summary>
    public long RevisionAt(ReadOnlySpan<byte> key)
    {
        // A key that does not start with the prefix comes after all that do.
        while (_covering.TryPeek(out var last) && !key.StartsWith(last.KeyUtf8))
            _covering.Pop();
        return _covering.TryPeek(out var covering) ? covering.Revision : 0;
    }

    /// <summary>Adds a deletion. Its prefix does not come before the keys so far, and no later deletion covers it.</summary>
    public void Add(RecordedChange deletion)
    {
        _ = RevisionAt(deletion.KeyUtf8);
        _covering.Push(deletion);
    }
}
