namespace KvStore.Etcd;

/// <summary>
/// Asks etcd how far the log reaches: at most one question at a time. Who arrives while one is under way joins the next, because a
/// commit may have been acknowledged after the one under way was answered. Thread-safe.
/// </summary>
/// <param name="ask">Asks etcd.</param>
internal sealed class Barriers(Func<CancellationToken, Task<LogEnd>> ask)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<LogEnd>? _next;
    private bool _isAsking;

    /// <summary>How far the log reached at a moment after this call.</summary>
    public Task<LogEnd> AskAsync()
    {
        TaskCompletionSource<LogEnd> mine;
        lock (_lock)
        {
            mine = _next ??= new TaskCompletionSource<LogEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isAsking)
                return mine.Task;
            _isAsking = true;
        }

        _ = RunAsync();
        return mine.Task;
    }

    private async Task RunAsync()
    {
        while (true)
        {
            TaskCompletionSource<LogEnd> asked;
            lock (_lock)
            {
                if (_next is not { } next)
                {
                    _isAsking = false;
                    return;
                }

                (asked, _next) = (next, null);
            }

            try
            {
                asked.TrySetResult(await ask(CancellationToken.None).ConfigureAwait(false));
            }
            catch (Exception exception)
            {
                asked.TrySetException(exception);
            }
        }
    }
}

/// <summary>How far the log reached.</summary>
/// <param name="Last">The revision of etcd that the log must be applied up to, to have every record.</param>
/// <param name="Revision">The revision of etcd at that moment.</param>
/// <param name="AskedAt">A moment before it, as a timestamp.</param>
/// <param name="Applied">What was applied at the moment before.</param>
internal readonly record struct LogEnd(long Last, long Revision, long AskedAt, long Applied);
