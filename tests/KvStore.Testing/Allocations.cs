namespace KvStore.Testing;

/// <summary>What code allocates. Only the thread that runs it counts, so tests that run meanwhile do not matter.</summary>
internal static class Allocations
{
    private const int Runs = 5;

    /// <summary>
    /// The bytes that one run of the action allocates. The runtime may allocate on the same thread, for a first call, a static constructor
    /// or a method that it compiles again. That only ever adds, and not to each run: so the least of several runs is the action's own.
    /// </summary>
    public static long Of(Action action)
    {
        var least = long.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    /// <summary>The same, with a result that escapes, so that no compiler leaves it out.</summary>
    public static long Of<T>(Func<T> create)
    {
        var created = default(T);
        var bytes = Of(() =>
        {
            created = create();
        });
        GC.KeepAlive(created);
        return bytes;
    }
}
