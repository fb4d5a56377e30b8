using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace KvStore.Storage;

/// <summary>Lets a thread of its own read, check, decode or merge while another puts the results in their place.</summary>
internal static class ReadAhead
{
    private const int ItemsMax = 8;

    // Below this a thread costs more than it gains.
    private const long BytesMin = 1 << 20;

    /// <summary>The same items in the same order. What the source throws, the consumer gets.</summary>
    /// <param name="source">The items.</param>
    /// <param name="bytes">About how many bytes they are all together.</param>
    public static IEnumerable<T> Of<T>(IEnumerable<T> source, long bytes) => bytes < BytesMin ? source : Of(source);

    private static IEnumerable<T> Of<T>(IEnumerable<T> source)
    {
        using var queue = new BlockingCollection<T>(ItemsMax);
        using var abandoned = new CancellationTokenSource();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(Read) { IsBackground = true, Name = "log read-ahead" };
        thread.Start();
        try
        {
            foreach (var item in queue.GetConsumingEnumerable())
                yield return item;
            failure?.Throw();
        }
        finally
        {
            abandoned.Cancel();
            thread.Join();
        }

        void Read()
        {
            try
            {
                foreach (var item in source)
                    queue.Add(item, abandoned.Token);
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }

            queue.CompleteAdding();
        }
    }
}
