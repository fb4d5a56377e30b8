using System.Diagnostics;

namespace KvStore;

/// <summary>A transaction in the queue; its task completes with the outcome.</summary>
/// <remarks>The caller's continuation runs on another thread, or once the loop has left this one: a caller that blocks must not block the owner loop.</remarks>
internal sealed class PendingTransaction(Transaction transaction, TransactionCost cost)
    : TaskCompletionSource<Outcome>(transaction.ContinuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>The value of <see cref="AdmittedAt"/> for a transaction that may wait for any time.</summary>
    public const long Patient = long.MaxValue;

    public Transaction Transaction { get; } = transaction;

    /// <summary>The span of its caller, if spans of commits are recorded.</summary>
    public Activity? Caller { get; } = CommitSpans.Caller;

    /// <summary>Heap bytes that it is charged for until it has its outcome.</summary>
    public long MemoryBytes { get; } = cost.MemoryBytes;

    /// <summary><see cref="TransactionCost.Work"/>.</summary>
    public long Work { get; } = cost.Work;

    /// <summary>When it was admitted, as a timestamp of the clock. The queue sets it.</summary>
    public long AdmittedAt { get; set; } = Patient;
}
