using System.Threading.Channels;

namespace KvStore;

/// <summary>
/// The queue between callers and the owner loop, bounded by transactions and by bytes. What exceeds a bound is rejected at once, so
/// a caller never waits for admission and never holds uncounted memory.
/// </summary>
/// <remarks>
/// The channel may run the loop on the thread of the caller that ends its wait: for a single small write, handing it to
/// another thread would be most of the work.
/// </remarks>
internal sealed class TransactionQueue(StoreOptions options)
{
    private readonly Channel<PendingTransaction> _channel = Channel.CreateBounded<PendingTransaction>(
        new BoundedChannelOptions(options.QueueOperationsMax) { SingleReader = true, AllowSynchronousContinuations = true });

    // Wakes a waiting loop; carries no work.
    private readonly PendingTransaction _wake = new(new Transaction([], []));

    private PendingTransaction? _internal;
    private long _bytes;

    /// <summary>Transactions in the queue.</summary>
    public int Count => _channel.Reader.Count;

    /// <summary>Bytes of admitted transactions that are not released yet.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Admits a transaction; false when the queue is full or closed.</summary>
    public bool TryAdmit(PendingTransaction pending)
    {
        var bytes = pending.Transaction.Bytes;
        if (Interlocked.Add(ref _bytes, bytes) <= options.QueueBytesMax && _channel.Writer.TryWrite(pending))
            return true;
        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }

    /// <summary>Admits one transaction of the store's own, even to a full queue; false while an earlier one is still queued.</summary>
    public bool TryAdmitInternal(PendingTransaction pending)
    {
        if (Interlocked.CompareExchange(ref _internal, pending, null) is not null)
            return false;
        Interlocked.Add(ref _bytes, pending.Transaction.Bytes);

        // If the channel is full, the loop is not waiting.
        _channel.Writer.TryWrite(_wake);
        return true;
    }

    /// <summary>Admits nothing more. What was admitted can still be taken.</summary>
    public void Close() => _channel.Writer.TryComplete();

    /// <summary>Waits for something to take; false when the queue is closed and empty. For the owner loop.</summary>
    public ValueTask<bool> WaitAsync() => _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Takes the next batch; false when the queue is empty. For the owner loop.</summary>
    /// <param name="batch">Cleared first.</param>
    public bool TryTake(List<PendingTransaction> batch)
    {
        batch.Clear();
        TakeInternal(batch);
        while (batch.Count < options.BatchOperationsMax && _channel.Reader.TryRead(out var pending))
        {
            // T1 (owner): found no internal transaction above. T2: admits one and writes the wake. T1: reads the wake here. Nothing
            // else would wake the owner for that transaction.
            if (pending == _wake)
                TakeInternal(batch);
            else
                batch.Add(pending);
        }

        return batch.Count > 0;
    }

    /// <summary>Releases the bytes of a transaction that has its outcome. For the owner loop.</summary>
    public void Release(PendingTransaction pending) => Interlocked.Add(ref _bytes, -pending.Transaction.Bytes);

    private void TakeInternal(List<PendingTransaction> batch)
    {
        if (Volatile.Read(ref _internal) is not null)
            batch.Add(Interlocked.Exchange(ref _internal, null)!);
    }
}
