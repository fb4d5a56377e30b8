namespace KvStore.Storage;

/// <summary>
/// Loads a checkpoint and the changes after it into a follower: the last commits one by one, so that they are in its history, and
/// everything before them as one image, so that each key is looked up once and no replaced entry is retained. Belongs to one thread.
/// </summary>
internal sealed class Replay(ICommitFollower follower, DiskLogOptions options, IDisk disk)
{
    private const int GroupEntries = 4096;

    private readonly DerivedChanges _derived = new(disk);

    // A start must not need much more memory than the data itself.
    private readonly SortedRuns _image = new(new DerivedChanges(disk), replacedBytesMax: StoreOptions.AvailableBytes / 8);

    // More would be dropped from the history at once.
    private readonly long _retainedBytesMax = Math.Min(options.ReplayedBytesMax, follower.Memory.History.BytesMax);

    private long _imageRevision;

    // The last commits, oldest first.
    private readonly Queue<RecordedChange> _retained = [];
    private int _retainedCommits;
    private long _retainedBytes;
    private long _lastRevision;

    /// <summary>Adds the next change, in order of revision.</summary>
    public void Add(RecordedChange change)
    {
        if (change.Revision != _lastRevision)
        {
            MoveToImage();
            _lastRevision = change.Revision;
            _retainedCommits++;
        }

        _retained.Enqueue(change);
        _retainedBytes += change.Bytes;
    }

    /// <summary>Loads everything into the follower.</summary>
    /// <param name="revision">The revision of the checkpoint; 0 without one.</param>
    /// <param name="checkpoint">The entries of the checkpoint, in key order.</param>
    public void Finish(long revision, IEnumerable<Entry> checkpoint)
    {
        MoveToImage();
        if (_image.Bytes == 0)
            follower.Load(Math.Max(revision, _imageRevision), checkpoint);
        else
            follower.Load(_imageRevision, ReadAhead.Of(_image.ApplyTo(checkpoint).Chunk(GroupEntries), _image.Bytes).SelectMany(group => group));
        if (_retained.Count > 0)
            follower.Apply(Replayed(follower.Latest));
    }

    private void MoveToImage()
    {
        while (_retainedCommits > options.ReplayedCommitsMax || _retainedBytes > _retainedBytesMax)
        {
            _imageRevision = _retained.Peek().Revision;
            while (_retained.TryPeek(out var change) && change.Revision == _imageRevision)
            {
                _retained.Dequeue();
                if (!change.IsGap)
                    _image.Add(change);
                _retainedBytes -= change.Bytes;
            }

            _retainedCommits--;
        }
    }

    // As a decision, because making the commits takes the state after each of them: the follower need not apply them again.
    private Decision Replayed(Snapshot latest)
    {
        var state = latest.ToBuilder();
        var commits = new List<Commit>(_retainedCommits);
        var changes = new List<EntryChange>();
        DeletedPrefix? deleted = null;
        while (_retained.TryDequeue(out var change))
        {
            if (change.IsGap)
            {
                commits.Add(Commit.Gap(change.Revision));
                continue;
            }

            if (change.IsPrefix)
                deleted = state.Slice(KeyRange.WithPrefix(change.KeyUtf8)) is { Count: > 0 } entries ? new DeletedPrefix(change.Key, entries) : null;
            else if (ChangeOf(state.Find(change.Key), change) is { } made)
                changes.Add(made);
            if (_retained.TryPeek(out var next) && next.Revision == change.Revision)
                continue;
            var commit = changes is [var only] && deleted is null ? new Commit(change.Revision, only) : new Commit(change.Revision, [.. changes], deleted);
            state.Apply(commit);
            commits.Add(commit);
            changes.Clear();
            deleted = null;
        }

        return new Decision(latest, [], commits, state.ToSnapshot(commits[^1].Revision));
    }

    // Null if there was no entry, and is none.
    private EntryChange? ChangeOf(Entry? previous, RecordedChange change)
    {
        var current = _derived.Apply(previous, change);
        if (current is null && previous is null)
            return null;
        return change.IsExpiry ? EntryChange.Expired(previous!.Value) : new EntryChange(previous, current);
    }
}
