using System.Runtime.CompilerServices;

namespace KvStore.Tests;

public class MemoryTests
{
    [Fact]
    public async Task CommitAsync_AfterOutcome_ReleasesTransaction()
    {
        await using var store = await Stores.StartAsync();
        var operation = await CommitTrackedAsync(store);

        await AssertCollectedAsync(operation);
    }

    [Fact]
    public async Task CommitAsync_EntryReplacedAndForgotten_IsReleased()
    {
        await using var store = await Stores.StartAsync(new StoreOptions { HistoryCommitsMax = 0 });
        var entry = await PutTrackedAsync(store);
        Assert.True(entry.IsAlive);
        await store.CommitAsync(Some.Put("k", "2"));

        await AssertCollectedAsync(entry);
    }

    [Fact]
    public async Task CommitAsync_GuardFailed_ReleasesTransaction()
    {
        await using var store = await Stores.StartAsync();
        var operation = await SubmitTrackedAsync(store, Guard.Exists(Some.Key("absent")));

        await AssertCollectedAsync(operation);
    }

    // The loop releases right after it has answered, which nothing signals.
    private static Task AssertCollectedAsync(WeakReference reference) => Soon.UntilAsync(() =>
    {
        GC.Collect();
        return !reference.IsAlive;
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<WeakReference> CommitTrackedAsync(Store store) => SubmitTrackedAsync(store, Guard.Absent(Some.Key("k")));

    // Methods of their own, so that no local of the test keeps alive what they track.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> SubmitTrackedAsync(Store store, Guard guard)
    {
        var transaction = Some.Transaction(guard, Some.Put("k"));
        var reference = new WeakReference(transaction);
        await store.SubmitAsync(transaction).Within();
        return reference;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> PutTrackedAsync(Store store)
    {
        await store.CommitAsync(Some.Put("k", "1"));
        return new WeakReference(store.Latest.Find(Some.Key("k"))!.Value.Encoded);
    }
}
