namespace KvStore;

/// <summary>Gives callers their outcomes. Owned by the loop.</summary>
internal sealed class Answers
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallerAnswers? _rest;

    // Batches of which some caller has no outcome yet, and the loop itself. Any thread.
    private int _open = 1;

    /// <summary>Gives outcomes to callers that continue on other threads. What remains is for <see cref="TakeRest"/>.</summary>
    public void Give(List<PendingTransaction> batch, Outcome[] outcomes) => _rest = GiveSome(batch, outcomes);

    /// <summary>Gives all the same outcome, for which they need not wait for the rest of this thread's work.</summary>
    public void Give(List<PendingTransaction> batch, Outcome outcome)
    {
        var outcomes = new Outcome[batch.Count];
        Array.Fill(outcomes, outcome);
        if (GiveSome(batch, outcomes) is { } rest)
            ThreadPool.UnsafeQueueUserWorkItem(rest, preferLocal: false);
    }

    /// <summary>The outcomes for callers that continue on this thread once the loop has left it; null for none.</summary>
    public CallerAnswers? TakeRest()
    {
        var rest = _rest;
        _rest = null;
        return rest;
    }

    /// <summary>Waits until every caller has its outcome. Give none afterwards.</summary>
    public Task EndAsync()
    {
        Close();
        return _ended.Task;
    }

    private CallerAnswers? GiveSome(List<PendingTransaction> batch, Outcome[] outcomes)
    {
        var inline = 0;
        foreach (var pending in batch)
            inline += pending.Transaction.ContinuesInline ? 1 : 0;
        var callers = inline == 0 ? [] : new PendingTransaction[inline];
        for (int i = 0, next = 0; i < outcomes.Length; i++)
        {
            if (batch[i].Transaction.ContinuesInline)
                (callers[next], outcomes[next++]) = (batch[i], outcomes[i]);
            else
                batch[i].Give(outcomes[i]);
        }

        if (inline == 0)
            return null;
        Interlocked.Increment(ref _open);
        return new CallerAnswers(callers, outcomes, Close);
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _ended.TrySetResult();
    }
}
