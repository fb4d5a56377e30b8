namespace KvStore;

/// <summary>Groups of watchers by filter: a commit finds the groups that it matches without visiting the others. Not thread-safe.</summary>
internal sealed class WatcherIndex
{
    private readonly Dictionary<Key, WatchGroup> _keys = [];
    private readonly Dictionary<Key, WatchGroup> _prefixes = [];

    // The number of different prefixes of each length, and these lengths: a key is looked up once per length.
    private readonly Dictionary<int, int> _prefixesOfLength = [];
    private int[] _prefixLengths = [];

    private readonly List<WatchGroup> _matching = [];
    private readonly List<WatchGroup> _withBatches = [];

    /// <summary>The number of watchers.</summary>
    public int Count { get; private set; }

    /// <summary>Every watcher.</summary>
    public IEnumerable<Watcher> All => _keys.Values.Concat(_prefixes.Values).SelectMany(group => group.Watchers);

    public void Add(Watcher watcher)
    {
        var (text, isPrefix) = (watcher.Filter.Text, watcher.Filter.IsPrefix);
        var groups = isPrefix ? _prefixes : _keys;
        if (!groups.TryGetValue(text, out var group))
        {
            groups.Add(text, group = new WatchGroup());
            if (isPrefix)
                CountPrefix(text.Length, 1);
        }

        group.Watchers.Add(watcher);
        watcher.Group = group;
        Count++;
    }

    public void Remove(Watcher watcher)
    {
        var (text, isPrefix) = (watcher.Filter.Text, watcher.Filter.IsPrefix);
        var groups = isPrefix ? _prefixes : _keys;
        if (!groups.TryGetValue(text, out var group) || !group.Watchers.Remove(watcher))
            return;
        Count--;
        if (group.Watchers.Count > 0)
            return;
        groups.Remove(text);
        group.Release(long.MaxValue);
        if (isPrefix)
            CountPrefix(text.Length, -1);
    }

    /// <summary>Notifies every watcher that a commit matches, once, with the revision of the first such commit.</summary>
    /// <param name="above">The revision that the commits are above.</param>
    /// <param name="upTo">The revision up to which these are all commits.</param>
    /// <param name="commits">The commits.</param>
    /// <param name="pacer">Gets the watchers that have to be woken.</param>
    public void Notify(long above, long upTo, List<Commit> commits, WatchPacer pacer)
    {
        foreach (var commit in commits)
        {
            foreach (ref readonly var change in commit.Changes)
                AddMatches(change.Key, commit);
            if (commit.Deleted is { } deleted)
                AddMatches(deleted, commit);
        }

        foreach (var group in _matching)
        {
            if (!group.HasBatches)
                _withBatches.Add(group);
            group.Notify(above, upTo, pacer);
        }

        _matching.Clear();
    }

    /// <summary>Releases the batches up to a revision. A watcher that has not read one finds its commits in the history.</summary>
    public void Release(long upTo) => _withBatches.RemoveAll(group => !group.Release(upTo));

    private void AddMatches(Key key, Commit commit)
    {
        if (!KeyRange.IsUserKey(key.Utf8))
            return;
        if (_keys.Count > 0 && _keys.TryGetValue(key, out var group) && group.AddMatch(commit))
            _matching.Add(group);
        foreach (var length in _prefixLengths)
        {
            if (length <= key.Length && _prefixes.TryGetValue(key.Prefix(length), out var prefix) && prefix.AddMatch(commit))
                _matching.Add(prefix);
        }
    }

    // Looks for each filter among the deletions: there may be many more of them than of filters.
    private void AddMatches(DeletedPrefix deleted, Commit commit)
    {
        foreach (var (key, group) in _keys)
        {
            if (deleted.CountOf(key, isPrefix: false) > 0 && group.AddMatch(commit))
                _matching.Add(group);
        }

        foreach (var (prefix, group) in _prefixes)
        {
            if (deleted.CountOf(prefix, isPrefix: true) > 0 && group.AddMatch(commit))
                _matching.Add(group);
        }
    }

    private void CountPrefix(int length, int by)
    {
        var count = _prefixesOfLength[length] = _prefixesOfLength.GetValueOrDefault(length) + by;
        if (count == 0)
            _prefixesOfLength.Remove(length);
        if (count == 0 || (count == 1 && by == 1))
            _prefixLengths = [.. _prefixesOfLength.Keys];
    }
}
