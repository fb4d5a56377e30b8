using System.Diagnostics;

namespace KvStore.Testing;

/// <summary>Waits for what must happen, and fails when it does not happen in 30 seconds.</summary>
internal static class Soon
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static Task Within(this Task task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    // A poll without a pause takes the processor from what it waits for; one with a long pause takes its time.
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(20);

    /// <summary>Polls a condition that nothing signals.</summary>
    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>The same, of a condition that has to be asked for.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var start = Stopwatch.GetTimestamp();
        var pause = TimeSpan.Zero;
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new TimeoutException();
            pause = pause < PauseMax ? pause + TimeSpan.FromMilliseconds(1) : PauseMax;
            await Task.Delay(pause);
        }
    }
}
