namespace KvStore;

/// <summary>
/// Takes what a watcher reads while the one who reads waits: at once, on the thread of the wake slot. So a thousand watchers of the same keys are served one after the other by one
/// thread, from memory that its processor has in its cache, and a wait ends only for what is not taken.
/// </summary>
public interface IWatchReceiver
{
    /// <summary>
    /// Takes the <see cref="Watcher.Commits"/> of a watcher, which are those after what it took before, or leaves them to the one who waits. It must not block, nor throw. Calls do not overlap,
    /// neither with each other nor with what the one who waits does before and after the wait; they come from any thread.
    /// </summary>
    /// <param name="watcher">The watcher. Everything but its reads may be used.</param>
    /// <returns>Whether they are taken; if not, the wait ends with <see cref="WatchState.Changed"/>.</returns>
    bool TryTake(Watcher watcher);
}
