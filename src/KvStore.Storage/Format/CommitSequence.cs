namespace KvStore.Storage;

/// <summary>Checks that records follow each other as whole commits: revisions increase, and no commit changes a key twice, or one that it deletes by prefix. Belongs to one thread.</summary>
internal sealed class CommitSequence
{
    // Clearing a set takes time in proportion to the largest that it ever was.
    private const int KeptKeysMax = 1024;

    // Of the commit that is not complete; empty while it has one record, as most commits do.
    private HashSet<Key> _keys = [];

    // What the commit that is not complete deletes by prefix; else the default one.
    private Key _prefix;

    /// <summary>The revision of the last record.</summary>
    public long LastRevision { get; private set; }

    /// <summary>Whether the last record completes its commit.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Starts after the commits up to a revision.</summary>
    public void Begin(long lastRevision)
    {
        (LastRevision, IsWhole) = (lastRevision, true);
        Clear();
    }

    /// <summary>Adds a record.</summary>
    /// <returns>Why it cannot follow the one before it; null if it can.</returns>
    public string? Add(in RecordedChange change, RecordFlags flags)
    {
        var isFirst = IsWhole;
        var isLast = flags.HasFlag(RecordFlags.LastOfCommit);
        if (isFirst ? change.Revision <= LastRevision : change.Revision != LastRevision)
            return $"its revision {change.Revision} does not follow {LastRevision}";
        if (change.IsPrefix ? !isFirst : _prefix.Length > 0 && change.KeyUtf8.StartsWith(_prefix.Utf8))
            return "its commit deletes the prefix of a key that it changes, or does not begin with that";
        if (change.IsPrefix)
            _prefix = change.Key;
        else if (!(isFirst && isLast) && !_keys.Add(change.Key))
            return "its commit changes the key twice";
        (LastRevision, IsWhole) = (change.Revision, isLast);
        if (isLast)
            Clear();
        return null;
    }

    private void Clear()
    {
        _prefix = default;
        if (_keys.Count > KeptKeysMax)
            _keys = [];
        else if (_keys.Count > 0)
            _keys.Clear();
    }
}
