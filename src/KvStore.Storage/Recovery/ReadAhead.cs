using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace KvStore.Storage;

/// <summary>Enumerates a source on a thread of its own, so that reading and decoding overlap with building the index.</summary>
internal static class ReadAhead
{
    private const int ItemsMax = 8;

    // Below this size a thread costs more than it gains.
    private const long BytesMin = 1 << 20;

    /// <summary>The same items in the same order; an exception of the source reaches the consumer.</summary>
    /// <param name="source">The items.</param>
    /// <param name="bytes">The approximate size of all items.</param>
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
