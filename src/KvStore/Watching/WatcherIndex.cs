namespace KvStore;

/// <summary>Watchers by what they watch, so that a commit finds those that it concerns without asking the others. Not thread-safe.</summary>
internal sealed class WatcherIndex
{
    private readonly Dictionary<Key, Group> _keys = [];
    private readonly Dictionary<Key, Group> _prefixes = [];

    // How many different prefixes there are of each length, and these lengths.
    private readonly Dictionary<int, int> _prefixesOfLength = [];
    private int[] _prefixLengths = [];

    private long _round;

    /// <summary>How many watchers there are.</summary>
    public int Count { get; private set; }

    /// <summary>Every watcher.</summary>
    public IEnumerable<Watcher> All => _keys.Values.Concat(_prefixes.Values).SelectMany(group => group.Watchers);

    public void Add(Watcher watcher)
    {
        var (text, isPrefix) = (watcher.Filter.Text, watcher.Filter.IsPrefix);
        var groups = isPrefix ? _prefixes : _keys;
        if (!groups.TryGetValue(text, out var group))
        {
            groups.Add(text, group = new Group());
            if (isPrefix)
                CountPrefix(text.Length, 1);
        }

        group.Watchers.Add(watcher);
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
        if (isPrefix)
            CountPrefix(text.Length, -1);
    }

    /// <summary>Tells every watcher whom commits concern, once, of the first that does.</summary>
    /// <param name="commits">The commits.</param>
    /// <param name="toWake">Takes those who have to be woken.</param>
    public void Tell(WatchedCommit[] commits, List<Watcher> toWake)
    {
        _round++;
        foreach (var commit in commits)
        {
            foreach (ref readonly var change in commit.Commit.Changes)
            {
                var key = change.Key;
                if (!KeyRange.IsOfUsers(key.Utf8))
                    continue;
                if (_keys.Count > 0 && _keys.TryGetValue(key, out var group))
                    Tell(group, commit.Commit.Revision, toWake);
                foreach (var length in _prefixLengths)
                {
                    if (length <= key.Length && _prefixes.TryGetValue(key.Start(length), out var prefix))
                        Tell(prefix, commit.Commit.Revision, toWake);
                }
            }
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

    private void Tell(Group group, long revision, List<Watcher> toWake)
    {
        // Whoever was told looks at all that follows by himself.
        if (group.ToldInRound == _round)
            return;
        group.ToldInRound = _round;
        foreach (var watcher in group.Watchers)
        {
            if (watcher.Tell(revision))
                toWake.Add(watcher);
        }
    }

    private sealed class Group
    {
        public HashSet<Watcher> Watchers { get; } = [];

        public long ToldInRound { get; set; }
    }
}
