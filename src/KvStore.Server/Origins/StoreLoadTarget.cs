using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Stores what is loaded, unless something newer happened meanwhile. Thread-safe.</summary>
internal sealed class StoreLoadTarget(Store store, OriginState state) : ILoadTarget
{
    public LoadTicket Begin(Key key) => state.Begin(store.Latest, key);

    public Task<LoadCommit> StoreAsync(LoadTicket ticket, LoadResult result) => state.CommitAsync(store, ticket, result);
}
