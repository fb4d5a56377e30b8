namespace KvStore;

/// <summary>The outcome of a transaction as a task.</summary>
/// <param name="continuesInline"><see cref="Transaction.ContinuesInline"/>. Otherwise the caller continues on another thread: one that blocks must not block others.</param>
internal sealed class OutcomeTask(bool continuesInline)
    : TaskCompletionSource<Outcome>(continuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously), IOutcomeReceiver
{
    public void Receive(Outcome outcome) => SetResult(outcome);
}
