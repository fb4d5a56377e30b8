using System.Collections.Concurrent;

namespace KvStore.Origins.Tests;

/// <summary>Stores what was loaded in a dictionary.</summary>
internal sealed class MemoryTarget : ILoadTarget
{
    public ConcurrentDictionary<Key, LoadResult> Stored { get; } = [];

    /// <summary>Called before an answer is stored.</summary>
    public Func<Key, Task> Storing { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before a call begins.</summary>
    public Action<Key> Beginning { get; set; } = _ => { };

    public LoadTicket Begin(Key key)
    {
        Beginning(key);
        return new LoadTicket(key, 0, 0, 0, null, 0);
    }

    public async Task<LoadCommit> StoreAsync(LoadTicket ticket, LoadResult result)
    {
        Assert.IsNotType<LoadResult.Failed>(result);
        await Storing(ticket.Key);
        Stored[ticket.Key] = result;
        return LoadCommit.Stored;
    }
}
