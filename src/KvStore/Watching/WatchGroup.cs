using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>Everybody who watches the same. All members are for the hub but <see cref="After"/>, which any thread may call.</summary>
internal sealed class WatchGroup
{
    private List<Commit>? _found;

    // What the watchers were told of and may not have read yet.
    private volatile WatchedCommits? _first;
    private WatchedCommits? _last;

    public HashSet<Watcher> Watchers { get; } = [];

    /// <summary>Whether there is something that these watchers were told of.</summary>
    public bool Keeps => _first is not null;

    /// <summary>A commit concerns these watchers. May be called for each of its changes.</summary>
    /// <returns>Whether it is the first.</returns>
    public bool Add(Commit commit)
    {
        if (_found is null)
        {
            _found = [commit];
            return true;
        }

        if (_found[^1] != commit)
            _found.Add(commit);
        return false;
    }

    /// <summary>Tells the watchers of the commits that were added, which are all after one revision, up to and with another.</summary>
    /// <param name="above">The one.</param>
    /// <param name="upTo">The other.</param>
    /// <param name="told">Takes those who were told and have to be woken.</param>
    public void Tell(long above, long upTo, Queue<Watcher> told)
    {
        var revision = _found![0].Revision;

        // Between the last ones and these there was nothing.
        var (first, last) = WatchedCommits.All(_first is null ? above : _last!.UpTo, upTo, CollectionsMarshal.AsSpan(_found));
        _found = null;
        if (_first is null)
            _first = first;
        else
            _last!.Next = first;
        _last = last;
        foreach (var watcher in Watchers)
        {
            if (watcher.Tell(revision))
                told.Enqueue(watcher);
        }
    }

    /// <summary>Lets go of what the watchers were told of up to a revision.</summary>
    /// <returns>Whether anything is left.</returns>
    public bool Forget(long upTo)
    {
        while (_first is { } first && first.UpTo <= upTo)
            (_first, first.Next) = (first.Next, WatchedCommits.Forgotten);
        if (!Keeps)
            _last = null;
        return Keeps;
    }

    /// <summary>What comes after a revision, of what the watchers were told of; null when that does not reach back so far, or is over.</summary>
    public WatchedCommits? After(long revision)
    {
        for (var part = _first; part is not null && part.Above <= revision; part = part.Next)
        {
            if (part.UpTo > revision)
                return part.After(revision);
        }

        return null;
    }
}
