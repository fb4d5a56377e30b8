namespace KvStore.Server;

/// <summary>Problems whose text depends on what the store knows of etcd.</summary>
internal static class StoreProblems
{
    /// <summary>The store has not loaded.</summary>
    public static Problem Loading(Store store) =>
        store.Connection?.UnreachableSince is { } since ? Problems.Unreachable("The store has not loaded.", since) : Problems.Loading();

    /// <summary>A linearizable read has no state.</summary>
    public static Problem NotRead(Store store) =>
        Problems.Unreachable("Reads with consistency=local are still answered.", store.Connection?.UnreachableSince);
}
