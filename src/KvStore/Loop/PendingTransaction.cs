using System.Diagnostics;

namespace KvStore;

/// <summary>A transaction in the queue, and who gets its outcome.</summary>
/// <param name="transaction">The transaction.</param>
/// <param name="cost">What it is charged for until then.</param>
/// <param name="receiver">Gets the outcome, once.</param>
internal sealed class PendingTransaction(Transaction transaction, TransactionCost cost, IOutcomeReceiver receiver)
{
    /// <summary>The value of <see cref="AdmittedAt"/> for a transaction that may wait for any time.</summary>
    public const long Patient = long.MaxValue;

    private int _hasOutcome;

    public Transaction Transaction { get; } = transaction;

    /// <summary>The span of its caller, if spans of commits are recorded.</summary>
    public Activity? Caller { get; } = CommitSpans.Caller;

    /// <summary>Heap bytes that it is charged for until it has its outcome.</summary>
    public long MemoryBytes { get; } = cost.MemoryBytes;

    /// <summary><see cref="TransactionCost.Work"/>.</summary>
    public long Work { get; } = cost.Work;

    /// <summary>When it was admitted, as a timestamp of the clock. The queue sets it.</summary>
    public long AdmittedAt { get; set; } = Patient;

    /// <summary>Whether it has its outcome.</summary>
    public bool HasOutcome => Volatile.Read(ref _hasOutcome) != 0;

    /// <summary>Gives it its outcome, unless it has one.</summary>
    public void Give(Outcome outcome)
    {
        if (Interlocked.Exchange(ref _hasOutcome, 1) == 0)
            receiver.Receive(outcome);
    }
}
