namespace KvStore;

/// <summary>The result of reading a <see cref="Watcher"/>.</summary>
public enum WatchState
{
    /// <summary>There are matching commits: <see cref="Watcher.Commits"/>.</summary>
    Changed,

    /// <summary>Every matching commit up to <see cref="Watcher.Position"/> has been handed over.</summary>
    Silent,

    /// <summary>Commits after <see cref="Watcher.Position"/> are dropped or lost, or the log has replaced the state by a new image. Final: start over with a snapshot and a new watcher.</summary>
    Gone,

    /// <summary>The store is stopping. Final.</summary>
    Stopped,
}
