using System.Threading.Channels;

namespace KvStore;

/// <summary>
/// The queue between callers and the owner loop, bounded by transactions, by memory, and by the time that a transaction waits. What exceeds a
/// bound is rejected at once, so a caller never waits for admission and never holds uncounted memory.
/// </summary>
/// <remarks>
/// Transactions are taken in the order of their admission, except that large ones are set aside and taken one at a time, each after a batch
/// of others: neither kind can keep the other waiting. The channel may run the loop on the thread of the caller that ends its wait: for a
/// single small write, handing it to another thread would be most of the work.
/// </remarks>
internal sealed class TransactionQueue
{
    private readonly StoreOptions _options;
    private readonly StoreMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Channel<PendingTransaction> _channel;
    private readonly DrainRate _rate;
    private readonly long _waitMax;

    // Wakes a waiting loop; carries no work.
    private readonly PendingTransaction _wake = new(new Transaction([], []), default, new OutcomeTask(continuesInline: true));

    private PendingTransaction? _internal;
    private volatile bool _isClosed;

    // Of transactions that are not released yet.
    private long _smallWork;
    private long _largeWork;

    // Owned by the loop: what it has read from the channel and not taken, and the batch that it works on.
    private readonly Queue<PendingTransaction> _large = new();
    private PendingTransaction? _next;
    private bool _isLargeDue;
    private bool _isFull;
    private long _takenAt;

    // Written by the loop, read by any thread.
    private volatile int _setAside;

    public TransactionQueue(StoreOptions options, MemoryAccount memory, StoreMetrics metrics, TimeProvider time)
        : this(options, memory, metrics, time, Channel.CreateBounded<PendingTransaction>(
            new BoundedChannelOptions(options.QueueOperationsMax) { SingleReader = true, AllowSynchronousContinuations = true }))
    {
    }

    /// <summary>For tests, which put a step of another thread between any two steps of a call.</summary>
    internal TransactionQueue(StoreOptions options, MemoryAccount memory, StoreMetrics metrics, TimeProvider time, Channel<PendingTransaction> channel)
    {
        (_options, Memory, _metrics, _time, _channel) = (options, memory, metrics, time, channel);
        _rate = new DrainRate(options.QueueWaitMax);
        _waitMax = (long)(options.QueueWaitMax.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>What admitted transactions that are not released yet are charged to.</summary>
    public MemoryAccount Memory { get; }

    /// <summary>Transactions in the queue.</summary>
    public int Count => _channel.Reader.Count + _setAside;

    /// <summary>The <see cref="TransactionCost.Work"/> of transactions that are not released yet.</summary>
    public long Work => Volatile.Read(ref _smallWork) + Volatile.Read(ref _largeWork);

    /// <summary>How long the loop needs for everything that is queued, as far as that is known.</summary>
    public TimeSpan EstimatedWait => _rate.TimeOf(Work);

    /// <summary>Whether an empty queue would admit a transaction.</summary>
    public bool HasRoomFor(Transaction transaction, in TransactionCost cost) =>
        cost.MemoryBytes <= Memory.BytesMax && (cost.CarriedBytes <= _options.MovedBytesMax || transaction.Operations.Length == 1);

    /// <summary>Admits a transaction; false when the queue is full or closed.</summary>
    public bool TryAdmit(PendingTransaction pending)
    {
        ref var work = ref WorkOf(pending);
        if (IsTooLong(Volatile.Read(ref work)) || !Memory.TryCharge(pending.MemoryBytes))
            return false;
        if (!pending.Transaction.IsOrdered)
            pending.AdmittedAt = _time.GetTimestamp();
        Interlocked.Add(ref work, pending.Work);
        if (_channel.Writer.TryWrite(pending))
            return true;
        Interlocked.Add(ref work, -pending.Work);
        Memory.Release(pending.MemoryBytes);
        return false;
    }

    /// <summary>Admits one transaction of the store's own, even to a full queue; false when the queue is closed, and while an earlier one is still queued.</summary>
    public bool TryAdmitInternal(PendingTransaction pending)
    {
        if (Interlocked.CompareExchange(ref _internal, pending, null) is not null)
            return false;
        Memory.Charge(pending.MemoryBytes);
        Interlocked.Add(ref WorkOf(pending), pending.Work);
        if (_channel.Writer.TryWrite(_wake) || !_isClosed)
            return true;

        // Withdrawn, unless the owner has it:
        //   T1 (owner): takes the last batch of a closed queue
        //   T2:         puts its transaction in place, and cannot write the wake
        //   T1:         ends, and nothing will ever complete that transaction
        if (Interlocked.CompareExchange(ref _internal, null, pending) != pending)
            return true;
        Release([pending]);
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
    public ValueTask<bool> WaitAsync() => _setAside > 0 ? ValueTask.FromResult(true) : _channel.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Takes the next batch; false when the queue is empty. For the owner loop, which releases both lists.</summary>
    /// <param name="batch">
    /// Cleared first. One large transaction; or others, up to <see cref="StoreOptions.BatchOperationsMax"/> and <see cref="StoreOptions.BatchBytesMax"/>, and
    /// one of the store's own beyond that. Empty when all that were found are late.
    /// </param>
    /// <param name="late">Cleared first. Transactions that have waited too long to be worth their work.</param>
    public bool TryTake(List<PendingTransaction> batch, List<PendingTransaction> late)
    {
        batch.Clear();
        late.Clear();
        _takenAt = _time.GetTimestamp();
        if (_isLargeDue)
            TakeLarge(batch, late);
        _isLargeDue = batch.Count == 0;
        if (batch.Count == 0)
            TakeOthers(batch, late);
        if (batch.Count == 0)
            TakeLarge(batch, late);
        _setAside = _large.Count + (_next is null ? 0 : 1);
        return batch.Count + late.Count > 0;
    }

    /// <summary>Records how long a batch took, and releases it: its outcomes are known. For the owner loop.</summary>
    public void Complete(List<PendingTransaction> batch)
    {
        var work = 0L;
        foreach (var pending in batch)
            work += pending.Work;
        var elapsed = _time.GetElapsedTime(_takenAt);
        _rate.Record(work, elapsed, _isFull);
        _metrics.RecordCommit(batch.Count, elapsed);
        if (_metrics.MeasuresWaits)
            RecordWaits(batch);
        Release(batch);
    }

    private void RecordWaits(List<PendingTransaction> batch)
    {
        foreach (var pending in batch)
        {
            if (pending.AdmittedAt != PendingTransaction.Patient)
                _metrics.RecordWait(_time.GetElapsedTime(pending.AdmittedAt, _takenAt));
        }
    }

    /// <summary>Releases the charges of transactions that have or get an outcome.</summary>
    public void Release(List<PendingTransaction> released)
    {
        var (memory, small, large) = (0L, 0L, 0L);
        foreach (var pending in released)
        {
            memory += pending.MemoryBytes;
            if (IsLarge(pending))
                large += pending.Work;
            else
                small += pending.Work;
        }

        Memory.Release(memory);
        Interlocked.Add(ref _smallWork, -small);
        if (large > 0)
            Interlocked.Add(ref _largeWork, -large);
    }

    private void TakeLarge(List<PendingTransaction> batch, List<PendingTransaction> late)
    {
        while (batch.Count == 0 && _large.TryDequeue(out var large))
            (IsLate(large) ? late : batch).Add(large);
        _isFull = true;
    }

    private void TakeOthers(List<PendingTransaction> batch, List<PendingTransaction> late)
    {
        var work = 0L;
        _isFull = false;
        while (batch.Count < _options.BatchOperationsMax && TryRead(out var pending))
        {
            if (pending == _wake)
                continue;
            if (IsLate(pending))
            {
                late.Add(pending);
            }
            else if (IsLarge(pending))
            {
                _large.Enqueue(pending);
            }
            else if (batch.Count > 0 && work + pending.Work > _options.BatchBytesMax)
            {
                _next = pending;
                break;
            }
            else
            {
                batch.Add(pending);
                work += pending.Work;
            }
        }

        _isFull = _next is not null || batch.Count == _options.BatchOperationsMax || _large.Count > 0;

        // The order matters because an internal transaction is put in place before its wake is written. Looked for before the channel:
        //   T1 (owner):   finds no internal transaction
        //   T2 (sweeper): puts one in place, and writes the wake
        //   T1:           reads the wake, finds nothing else, and waits; nothing wakes it for that transaction
        // Looked for after it, a wake that was read is always that of a transaction that is found here or has been taken before. A wake that
        // is not read yet ends the next wait. And if the channel had no room for it, the owner was not waiting and comes here once more.
        if (Volatile.Read(ref _internal) is not null && Interlocked.Exchange(ref _internal, null) is { } admitted)
            batch.Add(admitted);
    }

    private bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PendingTransaction? pending)
    {
        (pending, _next) = (_next, null);
        return pending is not null || _channel.Reader.TryRead(out pending);
    }

    private bool IsLate(PendingTransaction pending) => _takenAt - pending.AdmittedAt > _waitMax;

    // While both kinds wait, each has to wait for as much of the other as there is of its own, at most.
    private bool IsTooLong(long work) => work + Math.Min(work, Work - work) > _rate.WorkMax;

    private ref long WorkOf(PendingTransaction pending) => ref IsLarge(pending) ? ref _largeWork : ref _smallWork;

    // A quarter of a batch delays others by less than a batch does, so it may as well be in one.
    private bool IsLarge(PendingTransaction pending) => pending.Work > _options.BatchBytesMax / 4 && !pending.Transaction.IsOrdered;
}
