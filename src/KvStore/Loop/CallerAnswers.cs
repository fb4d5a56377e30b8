namespace KvStore;

/// <summary>
/// The outcomes of a batch for callers that continue on the thread that gives them (<see cref="Transaction.ContinuesInline"/>). One thread after the other
/// joins in while more than a few callers are left, so one that takes long holds up those few at most.
/// </summary>
internal sealed class CallerAnswers(PendingTransaction[] callers, Outcome[] outcomes, Action given) : IThreadPoolWorkItem
{
    // Answering one takes some ten microseconds, so a thread that is woken for fewer comes too late.
    private const int CallersAtOnce = 16;

    [ThreadStatic]
    private static bool s_isRunning;

    private int _next;
    private int _left = callers.Length;

    /// <summary>Whether the current thread is giving answers.</summary>
    public static bool AreRunning => s_isRunning;

    /// <summary>Gives them, on this thread and perhaps others.</summary>
    public void Execute()
    {
        // A continuation may submit, and so resume the loop, and so come here. Without an end, if its client sends one request after the other without
        // waiting for answers.
        if (s_isRunning)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        s_isRunning = true;
        try
        {
            GiveAll();
        }
        finally
        {
            s_isRunning = false;
        }
    }

    private void GiveAll()
    {
        for (int end; (end = Interlocked.Add(ref _next, CallersAtOnce)) - CallersAtOnce < callers.Length;)
        {
            if (end < callers.Length)
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            Give(end - CallersAtOnce, Math.Min(end, callers.Length));
        }
    }

    private void Give(int from, int to)
    {
        for (var i = from; i < to; i++)
            callers[i].Give(outcomes[i]);
        if (Interlocked.Add(ref _left, from - to) == 0)
            given();
    }
}
