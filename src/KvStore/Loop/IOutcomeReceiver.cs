namespace KvStore;

/// <summary>Gets the outcome of a transaction, in place of a task that is awaited for it.</summary>
public interface IOutcomeReceiver
{
    /// <summary>
    /// Called once: on the thread that has committed the transaction, or on the one that submits it and before that returns. Others wait for their outcomes meanwhile, so it must be short and
    /// must not block. It must not throw.
    /// </summary>
    void Receive(Outcome outcome);
}
