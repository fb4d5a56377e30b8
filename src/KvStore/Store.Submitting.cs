namespace KvStore;

/// <content>Writes.</content>
public sealed partial class Store
{
    /// <summary>Submits a transaction.</summary>
    /// <returns>
    /// Its outcome. There is no cancellation: an admitted transaction <em>will</em> get its outcome, even if no caller waits for it.
    /// <see cref="Outcome.NotApplied"/> may come at once. On an idle store the calling thread takes the batch to the commit log;
    /// with <see cref="MemoryCommitLog"/> it also evaluates it.
    /// </returns>
    public Task<Outcome> SubmitAsync(Transaction transaction)
    {
        if (_interceptor is not null && TryReject(ref transaction) is { } rejected)
            return Task.FromResult<Outcome>(rejected);
        return transaction.HasPatch ? _patches.SubmitAsync(transaction) : _loop.SubmitAsync(transaction);
    }

    /// <summary>Submits a transaction as <see cref="SubmitAsync"/> does, for a caller that needs no task.</summary>
    /// <param name="transaction">The transaction, which has <see cref="Transaction.ContinuesInline"/>.</param>
    /// <param name="receiver">Gets the outcome.</param>
    /// <exception cref="ArgumentException">The transaction does not have it.</exception>
    public void Submit(Transaction transaction, IOutcomeReceiver receiver)
    {
        if (!transaction.ContinuesInline)
            throw new ArgumentException($"A receiver of outcomes needs a transaction with {nameof(Transaction.ContinuesInline)}.", nameof(transaction));
        if (_interceptor is not null && TryReject(ref transaction) is { } rejected)
            receiver.Receive(rejected);
        else
            _loop.Submit(transaction, receiver);
    }

    private Task<Outcome> SubmitInternalAsync(Transaction transaction) =>
        _interceptor is not null && TryReject(ref transaction) is { } rejected ? Task.FromResult<Outcome>(rejected) : _loop.SubmitInternalAsync(transaction);

    // Of two replicas, each shows its interceptor what its own clients submit.
    private Outcome.Rejected? TryReject(ref Transaction transaction)
    {
        var latest = _publisher.Latest;
        return transaction.Records.IsEmpty && _interceptor!.TryReject(latest, ref transaction) is { } reason ? new Outcome.Rejected(latest.Revision, reason, null) : null;
    }
}
