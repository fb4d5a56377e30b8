namespace KvStore.Server;

/// <summary>What a worker of the thread pool does when it finds no work: wait at once, or look for a while first.</summary>
internal static class IdleWorkers
{
    // Read by the runtime once, when the pool begins; so is the variable DOTNET_ThreadPool_UnfairSemaphoreSpinLimit, which comes first.
    private const string SpinLimit = "System.Threading.ThreadPool.UnfairSemaphoreSpinLimit";

    /// <summary>
    /// Has workers wait at once, if the engine is one whose commits wait for others. Looking costs more processor time there than all other work of a replica,
    /// and takes it from the members of etcd and the replicas beside. Before the pool is used.
    /// </summary>
    public static void WaitAtOnceFor(IConfiguration configuration)
    {
        if (EtcdSettings.IsEngine(configuration) || KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.Join)))
            AppContext.SetData(SpinLimit, 0);
    }
}
