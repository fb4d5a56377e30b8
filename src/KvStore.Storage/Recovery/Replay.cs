namespace KvStore.Storage;

/// <summary>
/// Hands a checkpoint and recorded changes to a follower: the last commits as commits, so that they are in its history, and all before
/// them as one image, because then each key is looked up once and nothing of what was replaced is kept. Belongs to one thread.
/// </summary>
internal sealed class Replay(ICommitFollower follower, DiskLogOptions options)
{
    private const int GroupEntries = 4096;

    private readonly SortedRuns _image = new();
    private long _imageRevision;

    // The last commits, oldest first.
    private readonly Queue<RecordedChange> _kept = [];
    private int _keptCommits;
    private long _keptBytes;
    private long _lastRevision;

    /// <summary>Takes the next change; those of one commit come one after the other.</summary>
    public void Add(RecordedChange change)
    {
        if (change.Revision != _lastRevision)
        {
            MoveToImage();
            _lastRevision = change.Revision;
            _keptCommits++;
        }

        _kept.Enqueue(change);
        _keptBytes += change.Bytes;
    }

    /// <summary>Hands everything over.</summary>
    /// <param name="revision">The checkpoint's revision; 0 if there is none.</param>
    /// <param name="checkpoint">The checkpoint's entries in key order.</param>
    public void Finish(long revision, IEnumerable<Entry> checkpoint)
    {
        MoveToImage();
        if (_image.Bytes == 0)
            follower.Load(revision, checkpoint);
        else
            follower.Load(_imageRevision, ReadAhead.Of(_image.ApplyTo(checkpoint).Chunk(GroupEntries), _image.Bytes).SelectMany(group => group));
        if (_kept.Count > 0)
            follower.Apply(Commits());
    }

    private void MoveToImage()
    {
        while (_keptCommits > options.ReplayedCommitsMax || _keptBytes > options.ReplayedBytesMax)
        {
            _imageRevision = _kept.Peek().Revision;
            while (_kept.TryPeek(out var change) && change.Revision == _imageRevision)
            {
                _image.Add(_kept.Dequeue());
                _keptBytes -= change.Bytes;
            }

            _keptCommits--;
        }
    }

    private List<Commit> Commits()
    {
        var latest = follower.Latest;
        var changed = new Dictionary<Key, Entry?>();
        var commits = new List<Commit>(_keptCommits);
        var changes = new List<EntryChange>();
        while (_kept.TryDequeue(out var change))
        {
            var previous = changed.TryGetValue(change.Key, out var before) ? before : latest.Find(change.Key);
            changes.Add(change.IsExpiry ? EntryChange.Expired(previous!.Value) : new EntryChange(previous, change.Entry));
            changed[change.Key] = change.Entry;
            if (_kept.TryPeek(out var next) && next.Revision == change.Revision)
                continue;
            commits.Add(changes is [var only] ? new Commit(change.Revision, only) : new Commit(change.Revision, [.. changes]));
            changes.Clear();
        }

        return commits;
    }
}
