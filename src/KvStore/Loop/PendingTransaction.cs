namespace KvStore;

/// <summary>An operation that waits in the queue, and the caller who waits for its outcome.</summary>
/// <remarks>The caller goes on in a thread of its own: one that blocks must not block the owner loop.</remarks>
internal sealed class PendingTransaction(Transaction transaction)
    : TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public Transaction Transaction { get; } = transaction;
}
