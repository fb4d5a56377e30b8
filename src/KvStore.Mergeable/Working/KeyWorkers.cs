namespace KvStore.Mergeable;

/// <summary>
/// The requests of each key, in their order. A key that has any has one worker: what arrives while it commits waits for its next batch. Workers of different keys run in
/// parallel, and end when they have nothing to do. Thread-safe.
/// </summary>
internal sealed class KeyWorkers(BatchMerger merger, Store store, MergeableOptions options, MergeableCounters counters, TimeProvider time)
{
    private const long BatchBytesMax = 1 << 20;

    // What the requests of a batch lack is in memory at once, before any answer is charged.
    private const long AnswerBytesMax = 16 << 20;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards all that follows.
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Queue<PendingMerge>> _queues = [];
    private int _waiting;
    private bool _isClosed;

    /// <summary>Keys that have a worker, as of a moment ago.</summary>
    public int Count => _queues.Count;

    /// <summary>Has a request merged. It gets its result even if its caller no longer waits.</summary>
    public Task<MergeResult> MergeAsync(Key key, MergeRequest request)
    {
        var pending = new PendingMerge(request, PendingMerge.BytesOf(request), time.GetTimestamp());
        if (!store.Memory.Queue.TryCharge(pending.Bytes))
            return Reject(NotAppliedReason.QueueFull);
        Queue<PendingMerge>? begun = null;
        NotAppliedReason? reason = null;
        lock (_lock)
        {
            if (_isClosed)
            {
                reason = NotAppliedReason.Stopping;
            }
            else if (_waiting >= options.WaitingMax)
            {
                reason = NotAppliedReason.QueueFull;
            }
            else
            {
                if (!_queues.TryGetValue(key, out var queue))
                    _queues.Add(key, queue = begun = new Queue<PendingMerge>());
                queue.Enqueue(pending);
                _waiting++;
            }
        }

        if (reason is { } why)
        {
            store.Memory.Queue.Release(pending.Bytes);
            return Reject(why);
        }

        if (begun is not null)
            _ = RunAsync(key, begun);
        return pending.Task;
    }

    /// <summary>Admits no more, and waits for those that were admitted.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (_queues.Count == 0)
                _ended.TrySetResult();
        }

        return _ended.Task;
    }

    private async Task RunAsync(Key key, Queue<PendingMerge> queue)
    {
        while (TryTake(key, queue) is { } batch)
        {
            counters.CountMerges(batch.Count);
            var running = RunAsync(key, batch);
            var isSameThread = running.IsCompleted;
            await running.ConfigureAwait(false);

            // A store that never waits would otherwise keep the current thread, perhaps a caller's, as long as others have requests.
            if (isSameThread)
                await Task.Yield();
        }
    }

    private async Task RunAsync(Key key, List<PendingMerge> batch)
    {
        // Those that are too late leave the batch, with what they are charged.
        var bytes = batch.Sum(pending => pending.Bytes);
        try
        {
            var late = batch.FindAll(pending => time.GetElapsedTime(pending.StartedAt) > store.Options.QueueWaitMax);
            late.ForEach(pending => pending.SetResult(new MergeResult.NotCommitted(new Outcome.NotApplied(NotAppliedReason.WaitedTooLong))));
            batch.RemoveAll(late.Contains);
            if (batch.Count > 0)
                await merger.RunAsync(key, batch).ConfigureAwait(false);
            if (merger.IsCollectionDue(key))
                await merger.CollectAsync(key).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // A bug. Those who wait must not wait for ever.
            batch.ForEach(pending => pending.SetException(exception));
        }
        finally
        {
            store.Memory.Queue.Release(bytes);
        }
    }

    // Requests that may share a transaction, or one that may not; null when there are none, and then the worker has ended.
    private List<PendingMerge>? TryTake(Key key, Queue<PendingMerge> queue)
    {
        long valueBytes = store.Latest.Find(key)?.Value.Length ?? 0;
        lock (_lock)
        {
            if (queue.Count == 0)
            {
                _queues.Remove(key);
                if (_isClosed && _queues.Count == 0)
                    _ended.TrySetResult();
                return null;
            }

            List<PendingMerge> batch = [queue.Dequeue()];
            var (bytes, answerBytes) = (batch[0].Bytes, AnswerBytesOf(batch[0]));
            while (!batch[0].IsAlone && batch.Count < options.BatchMax && queue.TryPeek(out var next) && !next.IsAlone
                && (bytes += next.Bytes) <= BatchBytesMax && (answerBytes += AnswerBytesOf(next)) <= AnswerBytesMax)
                batch.Add(queue.Dequeue());
            _waiting -= batch.Count;
            return batch;
        }

        long AnswerBytesOf(PendingMerge pending) => pending.Request.Since is null ? 0 : valueBytes;
    }

    private static Task<MergeResult> Reject(NotAppliedReason reason) => Task.FromResult<MergeResult>(new MergeResult.NotCommitted(new Outcome.NotApplied(reason)));
}
