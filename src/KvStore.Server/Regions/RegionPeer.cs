using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>One region. Of several replicas of this store, one works for all; a mistake about which that is does no harm, because an exchange can be made any number of times.</summary>
internal sealed class RegionPeer : IDisposable
{
    // After which time a replica sees that it is the one, or no longer.
    private static readonly TimeSpan LeaderInterval = TimeSpan.FromSeconds(1);

    private readonly Store _store;
    private readonly TimeProvider _time;
    private readonly Func<RegionSync> _begin;
    private readonly RegionClient _client;
    private readonly RegionReports _reports;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private volatile RegionSync? _sync;

    public RegionPeer(RegionOptions options, Store store, MergeableValues values, int keyBytesMax, ILogger logger, TimeProvider time)
    {
        (Options, _store, _time) = (options, store, time);
        _client = new RegionClient(options, store, time);
        _reports = new RegionReports(options, logger, time);
        _begin = () => new RegionSync(options, store, values, _client, keyBytesMax, _reports, time);
    }

    public RegionOptions Options { get; }

    /// <summary>The work; null while another replica does it, or the store is loading.</summary>
    public RegionSync? Sync => _sync;

    public void Start()
    {
        // Otherwise the work would belong to the trace of the start of the service.
        using (ExecutionContext.SuppressFlow())
            _running = Task.Run(RunAsync);
    }

    /// <summary>Ends exchanges. What they have merged stays, and the rest follows after the next start.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>After it has stopped.</summary>
    public void Dispose()
    {
        _client.Dispose();
        _reports.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        await _store.Loaded.WaitAsync(_stopping.Token);
        while (true)
        {
            if (_store is { State: StoreState.Running, Rank: 0 })
                await LeadAsync();
            await Task.Delay(LeaderInterval, _time, _stopping.Token);
        }
    }

    private async Task LeadAsync()
    {
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var sync = _sync = _begin();
        var working = sync.RunAsync(leading.Token);
        while (!_stopping.IsCancellationRequested && _store.Rank == 0)
            await Task.Delay(LeaderInterval, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sync = null;
        await leading.CancelAsync();
        await working;
    }
}
