using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>
/// Announces this replica to the others, from before its store starts until after it has stopped, and asks now and then how they do, for the metrics.
/// </summary>
/// <remarks>Registered before what starts the store, because the store's first record needs the clock that the replicas agree on.</remarks>
internal sealed class ClusterService(Membership membership, EtcdReplicas replicas, OwnState own, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(5);

    // Without etcd the store does not start either, and says so.
    private static readonly TimeSpan JoinWaitMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeaveWaitMax = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        membership.Start();
        _running = Task.WhenAll(FollowStateAsync(), AskAsync());
        await membership.Joined.WaitAsync(JoinWaitMax, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(LeaveWaitMax);
        await membership.LeaveAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task FollowStateAsync()
    {
        while (true)
        {
            membership.State = own.Current;
            await Task.Delay(Interval, time, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task AskAsync()
    {
        while (true)
        {
            await replicas.ReadAsync(_stopping.Token).ConfigureAwait(false);
            await Task.Delay(AskInterval, time, _stopping.Token).ConfigureAwait(false);
        }
    }
}
