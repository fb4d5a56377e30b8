namespace KvStore;

/// <summary>
/// Sees every transaction before the store admits it, whatever submits it, the sweeper of expired entries included. It can reject it, or add
/// <see cref="Transaction.Records"/>. A transaction that has records already is not shown to it: what it is about is done.
/// </summary>
public interface ITransactionInterceptor
{
    /// <summary>Looks at a transaction, on the thread that submits it. Must be quick, thread-safe, and must not throw.</summary>
    /// <param name="latest">The latest state. Others may write before the transaction is evaluated.</param>
    /// <param name="transaction">The transaction; replaced by the one to submit.</param>
    /// <returns>Why the transaction is rejected, or null.</returns>
    RejectionReason? TryReject(Snapshot latest, ref Transaction transaction);
}
