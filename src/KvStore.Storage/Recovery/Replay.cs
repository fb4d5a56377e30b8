namespace KvStore.Storage;

/// <summary>
/// Hands recorded commits to a follower: the last ones as commits, so that they are in its history, and all before them as
/// one image, because then each key is looked up once and nothing of what was replaced is kept. Belongs to one thread.
/// </summary>
internal sealed class Replay(ICommitFollower follower, DiskLogOptions options)
{
    // The last commits, oldest first.
    private readonly Queue<RecordedCommit> _kept = [];
    private long _keptBytes;

    private OrderedIndex.Builder? _image;
    private long _imageRevision;

    /// <summary>Takes the next commit.</summary>
    public void Add(RecordedCommit commit)
    {
        _kept.Enqueue(commit);
        _keptBytes += BytesOf(commit);
        while (_kept.Count > options.ReplayedCommitsMax || _keptBytes > options.ReplayedBytesMax)
        {
            var oldest = _kept.Dequeue();
            _keptBytes -= BytesOf(oldest);
            AddToImage(oldest);
        }
    }

    /// <summary>Hands everything over.</summary>
    public void Finish()
    {
        if (_image is not null)
            follower.Load(_imageRevision, Entries(_image.ToIndex()));
        if (_kept.Count > 0)
            follower.Apply(Commits());
    }

    private void AddToImage(RecordedCommit commit)
    {
        _image ??= follower.Latest.ToIndexBuilder();
        _imageRevision = commit.Revision;
        foreach (var change in commit.Changes)
        {
            if (change.Entry is { } entry)
                _image.Set(entry);
            else
                _image.Remove(change.DeletedKey);
        }
    }

    private List<Commit> Commits()
    {
        var latest = follower.Latest;
        var changed = new Dictionary<Key, Entry?>();
        var commits = new List<Commit>(_kept.Count);
        foreach (var recorded in _kept)
        {
            var changes = new CommittedChange[recorded.Changes.Count];
            for (var i = 0; i < changes.Length; i++)
            {
                var (key, entry) = (recorded.Changes[i].Key, recorded.Changes[i].Entry);
                var previous = changed.TryGetValue(key, out var before) ? before : latest.Find(key);
                changes[i] = recorded.Changes[i].IsExpiry ? CommittedChange.Expired(previous!.Value) : new CommittedChange(previous, entry);
                changed[key] = entry;
            }

            commits.Add(new Commit(recorded.Revision, changes));
        }

        return commits;
    }

    private static IEnumerable<Entry> Entries(OrderedIndex index)
    {
        foreach (var entry in index.Scan(default))
            yield return entry;
    }

    private static long BytesOf(RecordedCommit commit)
    {
        var bytes = 0L;
        foreach (var change in commit.Changes)
            bytes += change.Bytes;
        return bytes;
    }
}
