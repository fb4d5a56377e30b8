using System.Runtime.CompilerServices;

namespace KvStore;

/// <summary>
/// What the owner loop awaits between two batches. The thread that has committed a batch first hands the loop on, to the pool if more is queued and otherwise
/// to the thread that ends the wait, and only then runs the continuations of the callers. So none of them holds up the next batch, and the answers of a batch need no
/// switch of threads.
/// </summary>
/// <remarks>One object for all batches of a loop, which awaits it once at a time.</remarks>
internal sealed class NextBatch : IThreadPoolWorkItem, ICriticalNotifyCompletion
{
    private ConfiguredValueTaskAwaitable<bool>.ConfiguredValueTaskAwaiter _next;
    private CallerAnswers? _answers;
    private bool _leaves;
    private Action? _resume;

    /// <summary>Whether the loop has waited, so that it may now be on the thread of the caller that has ended its wait.</summary>
    public bool HasWaited { get; private set; }

    public bool IsCompleted => !_leaves && _next.IsCompleted;

    /// <summary>Continues with the next batch.</summary>
    /// <param name="next">Whether there is one.</param>
    /// <param name="leaves">Whether the loop leaves its thread even if there is one already: it was that of a caller, or works as one now.</param>
    /// <param name="answers">What the thread does once the loop has left it; null for nothing.</param>
    public NextBatch After(ValueTask<bool> next, bool leaves, CallerAnswers? answers)
    {
        _next = next.ConfigureAwait(false).GetAwaiter();
        (_answers, _leaves, HasWaited) = (answers, leaves || answers is not null, !_next.IsCompleted);
        return this;
    }

    public NextBatch GetAwaiter() => this;

    public bool GetResult() => _next.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        // The order matters because another thread may be in the next batch as soon as the loop is handed on: nothing of this object is used after that.
        var (next, answers) = (_next, _answers);
        (_answers, _resume) = (null, continuation);
        if (next.IsCompleted)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else
            next.UnsafeOnCompleted(continuation);
        answers?.Execute();
    }

    void IThreadPoolWorkItem.Execute() => _resume!();
}
