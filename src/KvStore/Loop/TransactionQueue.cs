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
internal sealed class TransactionQueue
{
    private readonly StoreOptions _options;
    private readonly Channel<PendingTransaction> _channel;

    // Wakes a waiting loop; carries no work.
    private readonly PendingTransaction _wake = new(new Transaction([], []));

    private PendingTransaction? _internal;
    private volatile bool _isClosed;

    public TransactionQueue(StoreOptions options, MemoryAccount memory)
        : this(options, memory, Channel.CreateBounded<PendingTransaction>(
            new BoundedChannelOptions(options.QueueOperationsMax) { SingleReader = true, AllowSynchronousContinuations = true }))
    {
    }

    /// <summary>For tests, which put a step of another thread between any two steps of a call.</summary>
    internal TransactionQueue(StoreOptions options, MemoryAccount memory, Channel<PendingTransaction> channel) => (_options, Memory, _channel) = (options, memory, channel);

    /// <summary>What admitted transactions that are not released yet are charged to.</summary>
    public MemoryAccount Memory { get; }

    /// <summary>Transactions in the queue.</summary>
    public int Count => _channel.Reader.Count;

    /// <summary>Admits a transaction; false when the queue is full or closed.</summary>
    public bool TryAdmit(PendingTransaction pending)
    {
        var bytes = pending.Transaction.Bytes;
        if (!Memory.TryCharge(bytes))
            return false;
        if (_channel.Writer.TryWrite(pending))
            return true;
        Memory.Release(bytes);
        return false;
    }

    /// <summary>Admits one transaction of the store's own, even to a full queue; false when the queue is closed, and while an earlier one is still queued.</summary>
    public bool TryAdmitInternal(PendingTransaction pending)
    {
        if (Interlocked.CompareExchange(ref _internal, pending, null) is not null)
            return false;
        Memory.Charge(pending.Transaction.Bytes);
        if (_channel.Writer.TryWrite(_wake) || !_isClosed)
            return true;

        // Withdrawn, unless the owner has it:
        //   T1 (owner): takes the last batch of a closed queue
        //   T2:         puts its transaction in place, and cannot write the wake
        //   T1:         ends, and nothing will ever complete that transaction
        if (Interlocked.CompareExchange(ref _internal, null, pending) != pending)
            return true;
        Release(pending);
        return false;
    }

    /// <summary>Admits nothing more. What was admitted can still be taken.</summary>
    public void Close()
    {
        // The order matters because TryAdmitInternal finds the channel closed and then reads the flag.
        _isClosed = true;
        _channel.Writer.TryComplete();
    }

    /// <summary>Waits for something to take; false when the queue is closed and empty. For the owner loop.</summary>
    public ValueTask<bool> WaitAsync() => _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Takes the next batch; false when the queue is empty. For the owner loop.</summary>
    /// <param name="batch">Cleared first. It may have one transaction of the store's own beyond <see cref="StoreOptions.BatchOperationsMax"/>.</param>
    public bool TryTake(List<PendingTransaction> batch)
    {
        batch.Clear();
        while (batch.Count < _options.BatchOperationsMax && _channel.Reader.TryRead(out var pending))
        {
            if (pending != _wake)
                batch.Add(pending);
        }

        // The order matters because an internal transaction is put in place before its wake is written. Looked for before the channel:
        //   T1 (owner):   finds no internal transaction
        //   T2 (sweeper): puts one in place, and writes the wake
        //   T1:           reads the wake, finds nothing else, and waits; nothing wakes it for that transaction
        // Looked for after it, a wake that was read is always that of a transaction that is found here or has been taken before. A wake that
        // is not read yet ends the next wait. And if the channel had no room for it, the owner was not waiting and comes here once more.
        if (Volatile.Read(ref _internal) is not null && Interlocked.Exchange(ref _internal, null) is { } admitted)
            batch.Add(admitted);
        return batch.Count > 0;
    }

    /// <summary>Releases the bytes of a transaction that has its outcome. For the owner loop.</summary>
    public void Release(PendingTransaction pending) => Memory.Release(pending.Transaction.Bytes);
}
