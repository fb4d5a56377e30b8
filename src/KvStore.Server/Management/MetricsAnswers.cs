namespace KvStore.Server;

/// <summary>
/// Answers with metrics that their clients have not taken yet. One more than <see cref="Max"/> ends the oldest instead of being refused: a client that reads
/// gets the metrics, above all while others do not read and the account is full. Thread-safe.
/// </summary>
/// <param name="account">What they are charged to.</param>
internal sealed class MetricsAnswers(MemoryAccount account)
{
    /// <summary>How many there may be.</summary>
    public const int Max = 16;

    private readonly Lock _lock = new();

    // Guarded by the lock; the oldest first.
    private readonly LinkedList<HttpContext> _requests = new();

    /// <summary>Charges an answer, which is in memory until it is disposed of.</summary>
    public IDisposable Begin(HttpContext context, long bytes)
    {
        account.Charge(bytes);
        lock (_lock)
        {
            if (_requests.Count == Max)
            {
                // Under the lock, because a context that has left the list is soon that of another request.
                _requests.First!.Value.Abort();
                _requests.RemoveFirst();
            }

            return new Answer(this, _requests.AddLast(context), bytes);
        }
    }

    private void End(LinkedListNode<HttpContext> request, long bytes)
    {
        lock (_lock)
        {
            if (request.List is not null)
                _requests.Remove(request);
        }

        account.Release(bytes);
    }

    private sealed class Answer(MetricsAnswers answers, LinkedListNode<HttpContext> request, long bytes) : IDisposable
    {
        public void Dispose() => answers.End(request, bytes);
    }
}
