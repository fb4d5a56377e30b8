namespace KvStore.Server;

/// <summary>Follows the changes of one prefix in this store, after a scan of what there is.</summary>
internal sealed class StoreFollower(Store store, PendingKeys keys, string prefix, TimeProvider time)
{
    // A snapshot that is held for long keeps what is replaced in memory.
    private const int ScannedAtOnce = 1000;

    // Later than nothing, which is what is exchanged of a key that nothing is known of.
    private const long FirstRevision = 1;

    // There are too many watchers, or the history has lost what follows.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly WatchFilter _filter = WatchFilter.OfPrefix(Encoding.UTF8.GetBytes(prefix));

    /// <summary>Follows until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using (var watcher = store.TryWatch(_filter, store.Latest.Revision))
            {
                if (watcher is not null)
                    await FollowAsync(watcher, cancellationToken);
            }

            await Task.Delay(RetryDelay, time, cancellationToken);
        }
    }

    /// <summary>Lets every value be compared, and what could not be merged be tried again.</summary>
    /// <param name="side">The side whose changes may have been missed.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    public async Task ScanAsync(RegionSide side, CancellationToken cancellationToken)
    {
        await HearConflictsAsync(side, FirstRevision, cancellationToken);
        var range = _filter.Range;
        while (true)
        {
            Entry[] entries = [.. store.Latest.Scan(range).Take(ScannedAtOnce)];
            foreach (var entry in entries.Where(entry => entry.IsMergeable))
                await keys.HearAsync(side, entry.Key, side == RegionSide.Here ? entry.Revision : FirstRevision, cancellationToken);
            if (entries.Length < ScannedAtOnce)
                return;
            range = range.After(entries[^1].Key.Utf8);
        }
    }

    private async Task FollowAsync(Watcher watcher, CancellationToken cancellationToken)
    {
        await ScanAsync(RegionSide.Here, cancellationToken);
        while (await watcher.ReadAsync(Timeout.InfiniteTimeSpan, cancellationToken) is WatchState.Changed or WatchState.Silent)
        {
            foreach (var commit in watcher.Commits)
                await HearAsync(commit, cancellationToken);
        }
    }

    private async Task HearAsync(Commit commit, CancellationToken cancellationToken)
    {
        for (var i = 0; i < commit.Changes.Length; i++)
        {
            var (key, current) = (commit.Changes[i].Key, commit.Changes[i].Current);
            if (!_filter.Matches(key.Utf8))
                continue;
            if (current is { IsMergeable: true })
                await keys.HearAsync(RegionSide.Here, key, commit.Revision, cancellationToken);
            else
                await keys.HearOtherAsync(RegionSide.Here, key, commit.Revision, cancellationToken);
        }

        if (commit.Deleted is not null)
            await HearConflictsAsync(RegionSide.Here, commit.Revision, cancellationToken);
    }

    private async Task HearConflictsAsync(RegionSide side, long revision, CancellationToken cancellationToken)
    {
        foreach (var conflict in keys.Conflicts.Where(conflict => _filter.Matches(conflict.Key.Utf8)))
            await keys.HearOtherAsync(side, conflict.Key, revision, cancellationToken);
    }
}
