namespace KvStore.Testing;

internal static class Stores
{
    public static Task<Store> StartAsync(StoreOptions? options = null) =>
        StartAsync(new MemoryCommitLog(TimeProvider.System), options);

    /// <summary>A store that serves writes.</summary>
    public static async Task<Store> StartAsync(ICommitLog log, StoreOptions? options = null, TimeProvider? time = null)
    {
        // On a machine that is busy with other tests, a transaction may wait for longer than a service would let it.
        options ??= new StoreOptions();
        if (time is null)
            options = options with { QueueWaitMax = Soon.Patience };
        var store = new Store(log, options, time ?? TimeProvider.System);
        store.Start();
        await store.Loaded.Within();
        Assert.Equal(StoreState.Running, store.State);
        return store;
    }

    /// <summary>Submits what must succeed.</summary>
    public static async Task<Outcome.Committed> CommitAsync(this Store store, params Operation[] operations) =>
        await store.SubmitAsync(Some.Transaction(operations)).Within() is var outcome && outcome is Outcome.Committed committed ? committed : throw new InvalidOperationException($"{outcome}");

    public static Task StopAsync(this Store store) => store.StopAsync(TestContext.Current.CancellationToken).Within();

    public static void IsNotApplied(Outcome outcome, NotAppliedReason reason) =>
        Assert.Equal(reason, Assert.IsType<Outcome.NotApplied>(outcome).Reason);
}
