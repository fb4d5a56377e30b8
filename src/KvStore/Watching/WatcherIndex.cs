namespace KvStore;

/// <summary>Watchers by what they watch, so that a commit finds those that it concerns without asking the others. Not thread-safe.</summary>
internal sealed class WatcherIndex
{
    private readonly Dictionary<Key, WatchGroup> _keys = [];
    private readonly Dictionary<Key, WatchGroup> _prefixes = [];

    // How many different prefixes there are of each length, and these lengths.
    private readonly Dictionary<int, int> _prefixesOfLength = [];
    private int[] _prefixLengths = [];

    // Who is being told of something, and who has been and keeps it.
    private readonly List<WatchGroup> _telling = [];
    private readonly List<WatchGroup> _keeping = [];

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
        if (isPrefix)
            CountPrefix(text.Length, -1);
    }

    /// <summary>Tells every watcher whom commits concern, once, of the first that does.</summary>
    /// <param name="above">The commits are all after this revision,</param>
    /// <param name="upTo">up to and with this one.</param>
    /// <param name="commits">The commits.</param>
    /// <param name="told">Takes those who were told and have to be woken.</param>
    public void Tell(long above, long upTo, List<Commit> commits, Queue<Watcher> told)
    {
        foreach (var commit in commits)
        {
            foreach (ref readonly var change in commit.Changes)
                Find(change.Key, commit);
        }

        foreach (var group in _telling)
        {
            if (!group.Keeps)
                _keeping.Add(group);
            group.Tell(above, upTo, told);
        }

        _telling.Clear();
    }

    /// <summary>Lets go of what watchers were told of up to a revision. Whoever has not read it finds it in the history.</summary>
    public void Forget(long upTo) => _keeping.RemoveAll(group => !group.Forget(upTo));

    private void Find(Key key, Commit commit)
    {
        if (!KeyRange.IsUserKey(key.Utf8))
            return;
        if (_keys.Count > 0 && _keys.TryGetValue(key, out var group) && group.Add(commit))
            _telling.Add(group);
        foreach (var length in _prefixLengths)
        {
            if (length <= key.Length && _prefixes.TryGetValue(key.Prefix(length), out var prefix) && prefix.Add(commit))
                _telling.Add(prefix);
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
