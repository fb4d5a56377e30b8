namespace KvStore;

/// <summary>A transaction in the queue; its task completes with the outcome.</summary>
/// <remarks>The caller's continuation runs on another thread: a caller that blocks must not block the owner loop.</remarks>
internal sealed class PendingTransaction(Transaction transaction)
    : TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public Transaction Transaction { get; } = transaction;
}
