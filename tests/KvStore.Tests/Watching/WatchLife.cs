namespace KvStore.Tests;

/// <summary>One watcher from its beginning to its end, with all that it was handed; to be held against all that was committed.</summary>
internal sealed class WatchLife(WatchFilter filter, long after) : IWatchReceiver
{
    /// <summary>The value whose commit is the last one, for those who stay to the end.</summary>
    public const string LastValue = "the last";

    // What a watcher is handed at once.
    private const int CommitsMax = 128;
    private const long BytesMax = 32 << 10;

    private readonly List<Commit> _seen = [];
    private readonly List<(long Position, int Seen)> _steps = [];
    private long _oldestWhenGone;

    // How it takes commits while it waits; null if it does not.
    private Random? _taking;
    private int _takers;

    public bool IsGone => _oldestWhenGone > 0;

    public int Seen => _seen.Count;

    /// <summary>Reads until the last commit, or until it leaves earlier or is gone.</summary>
    /// <param name="store">The store.</param>
    /// <param name="random">Chooses how fast it reads.</param>
    /// <param name="readsMax">How often it reads before it leaves; null when it stays.</param>
    public async Task LiveAsync(Store store, Random random, int? readsMax)
    {
        using var watcher = store.TryWatch(filter, after);
        Assert.NotNull(watcher);
        _taking = random.Next(2) == 0 ? new Random(random.Next()) : null;
        var receiver = _taking is null ? null : this;
        for (var reads = 0; reads != readsMax; reads++)
        {
            var state = readsMax is null
                ? await watcher.ReadAsync(Timeout.InfiniteTimeSpan, receiver, TestContext.Current.CancellationToken).AsTask().Within()
                : random.Next(2) == 0 ? watcher.Read() : await watcher.ReadAsync(TimeSpan.FromMilliseconds(random.Next(3)), receiver, TestContext.Current.CancellationToken);
            if (state == WatchState.Gone)
            {
                _oldestWhenGone = store.OldestRevision;
                Assert.Equal(WatchState.Gone, watcher.Read());
            }

            Assert.Equal(state == WatchState.Changed, watcher.Commits.Count > 0);
            Assert.Equal(0, Volatile.Read(ref _takers));
            IsWithinLimits(watcher.Commits);
            _seen.AddRange(watcher.Commits);
            _steps.Add((watcher.Position, _seen.Count));
            if (IsGone || (_seen.Count > 0 && IsLast(_seen[^1])))
                return;
            for (var rest = random.Next(5) == 0 ? random.Next(300) : 0; rest > 0; rest--)
                await Task.Yield();
        }
    }

    /// <summary>Takes most of what comes while it waits.</summary>
    public bool TryTake(Watcher watcher)
    {
        Assert.Equal(1, Interlocked.Increment(ref _takers));
        IsWithinLimits(watcher.Commits);
        var takes = _taking!.Next(4) > 0 && !watcher.Commits.Any(IsLast);
        if (takes)
        {
            _seen.AddRange(watcher.Commits);
            _steps.Add((watcher.Position, _seen.Count));
        }

        Assert.Equal(0, Interlocked.Decrement(ref _takers));
        return takes;
    }

    /// <summary>Asserts that it was handed what concerned it: all, in order, once, and never less than its position says.</summary>
    public void Check(IReadOnlyList<Commit> committed)
    {
        var expected = committed.Where(commit => commit.Revision > after && commit.AllChanges.Any(change => Concerns(change.Key))).ToArray();
        Assert.Equal(expected.Take(_seen.Count).Select(commit => commit.Revision), _seen.Select(commit => commit.Revision));
        for (var i = 0; i < _seen.Count; i++)
            Assert.Equal(expected[i].AllChanges, _seen[i].AllChanges);

        var at = 0;
        foreach (var (position, seen) in _steps)
        {
            while (at < expected.Length && expected[at].Revision <= position)
                at++;
            Assert.Equal(at, seen);
        }

        if (IsGone)
            Assert.True(_oldestWhenGone > _steps[^1].Position, $"Gone at {_steps[^1].Position}, and everything after {_oldestWhenGone} was still there.");
    }

    private static bool IsLast(Commit commit) => commit.AllChanges[0].Current is { } entry && entry.Text() == LastValue;

    // As many as fit: no more once there is enough.
    private static void IsWithinLimits(IReadOnlyList<Commit> commits)
    {
        Assert.InRange(commits.Count, 0, CommitsMax);
        var bytesBeforeLast = commits.SkipLast(1).Sum(commit => commit.AllChanges.Sum(change => (change.Previous?.Bytes ?? 0) + (change.Current?.Bytes ?? 0)));
        Assert.InRange(bytesBeforeLast, 0, BytesMax - 1);
    }

    // Not the filter's own word for it.
    private bool Concerns(Key key)
    {
        var text = key.ToString();
        return text[0] >= ' ' && (filter.IsPrefix ? text.StartsWith(filter.Text.ToString(), StringComparison.Ordinal) : text == filter.Text.ToString());
    }
}
