using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>The regions of the settings. Starts with the service, and stops before the store.</summary>
internal sealed class ServedRegions : IHostedService, IAsyncDisposable
{
    private readonly RegionInstruments _instruments;
    private readonly Lock _lock = new();

    // Guarded by the lock.
    private Task? _stopped;

    public ServedRegions(IConfiguration configuration, KvStoreOptions options, Store store, MergeableValues values, RegionInstruments instruments, ILogger<ServedRegions> logger, TimeProvider time)
    {
        _instruments = instruments;
        All = [.. KvStoreSettings.ReadRegions(configuration, options).Select(region => new RegionPeer(region, store, values, options.KeyBytesMax, logger, time))];
    }

    /// <summary>The regions, by name.</summary>
    public IReadOnlyList<RegionPeer> All { get; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _instruments.Observe(All);
        foreach (var region in All)
            region.Start();
        return Task.CompletedTask;
    }

    /// <summary>Only the first call acts: a host may stop its services after it has disposed of them.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _stopped ??= Task.WhenAll(All.Select(region => region.StopAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        foreach (var region in All)
            region.Dispose();
    }
}
