namespace KvStore.Extensions.Queues;

public sealed partial class KvQueue
{
    private static readonly TimeSpan StoreDelayMax = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Executes jobs until it is cancelled. A job is completed when the function returns, unless the function has settled it; it is abandoned if the function throws. While the store is away it waits, and
    /// tries again. When it is cancelled, it waits for the functions that run, and releases the jobs of those that are cancelled: their attempts do not count.
    /// </summary>
    /// <param name="execute">Does a job. Its token is cancelled when the job is lost or the worker stops; then it throws an <see cref="OperationCanceledException"/>.</param>
    /// <param name="concurrency">How many jobs are executed at a time.</param>
    /// <param name="onError">Called with what the function throws, and with failures of the store; the job is null if there was none yet. Null to ignore them.</param>
    /// <param name="cancellationToken">Stops the worker.</param>
    public async Task RunAsync(Func<KvJob, CancellationToken, Task> execute, int concurrency = 1, Action<KvJob?, Exception>? onError = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(execute);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concurrency);

        // One task claims for all, so that one new job wakes one claim of this process.
        using var free = new SemaphoreSlim(concurrency);
        var failures = 0;
        try
        {
            while (true)
            {
                await free.WaitAsync(cancellationToken).ConfigureAwait(false);
                KvJob? job = null;
                try
                {
                    job = await ClaimAsync(cancellationToken).ConfigureAwait(false);
                    failures = 0;
                }
                catch (KvStoreException exception)
                {
                    onError?.Invoke(null, exception);
                    await Task.Delay(DelayAfter(++failures), _time, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    if (job is null)
                        free.Release();
                }

                if (job is not null)
                    _ = ExecuteThenFreeAsync(job);
            }
        }
        finally
        {
            for (var i = 0; i < concurrency; i++)
                await free.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        async Task ExecuteThenFreeAsync(KvJob job)
        {
            try
            {
                await ExecuteAsync(job, execute, onError, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                free.Release();
            }
        }
    }

    private static async Task ExecuteAsync(KvJob job, Func<KvJob, CancellationToken, Task> execute, Action<KvJob?, Exception>? onError, CancellationToken cancellationToken)
    {
        // The next job is claimed while the function runs, also if it never awaits.
        await Task.Yield();
        await using var _ = job.ConfigureAwait(false);
        try
        {
            using var running = CancellationTokenSource.CreateLinkedTokenSource(job.Lost, cancellationToken);
            try
            {
                await execute(job, running.Token).ConfigureAwait(false);
                if (!job.IsSettled)
                    await job.CompleteAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !job.IsSettled)
            {
                await job.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not KvStoreException || !job.Lost.IsCancellationRequested)
            {
                onError?.Invoke(job, exception);
                if (!job.IsSettled && !job.Lost.IsCancellationRequested)
                    await job.AbandonAsync(exception.Message, cancellationToken: CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is KvStoreException or ObjectDisposedException)
        {
            // The job could not be settled: it is another worker's, or is returned when its lease has ended.
            onError?.Invoke(job, exception);
        }
    }

    private static TimeSpan DelayAfter(int failures)
    {
        var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(failures, 10)) / 2);
        return (delay < StoreDelayMax ? delay : StoreDelayMax) * (0.5 + (Random.Shared.NextDouble() / 2));
    }
}
