namespace KvStore.Etcd;

/// <summary>
/// Decides whether the next batch is worth a short wait. A record costs every member of etcd and every replica about as much as a hundred
/// writes in it. Clients that wait for their outcomes come back a moment after they have them, when another record would already be under way
/// with the first few of them. Owned by the owner loop.
/// </summary>
internal sealed class BatchGathering
{
    // Fewer are answered sooner one by one.
    private const int TransactionsMin = 16;

    // By the clock of the machine, because it is the machine that is spared.
    private static readonly TimeSpan WaitMax = TimeSpan.FromMilliseconds(2);

    private int _last;

    /// <summary>Records the size of a batch.</summary>
    public void Took(int transactions) => _last = transactions;

    /// <summary>Waits, if the queue has fewer transactions than the last batch had.</summary>
    public ValueTask WaitAsync(int queued) =>
        queued == 0 || queued >= _last || _last < TransactionsMin ? default : new ValueTask(Task.Delay(WaitMax, TimeProvider.System, CancellationToken.None));
}
