using System.Diagnostics.Metrics;

namespace KvStore.Server;

/// <summary>The instruments of regions. Nothing is counted here: they read when they are collected.</summary>
internal sealed class RegionInstruments(IMeterFactory meters, TimeProvider time)
{
    /// <summary>Creates the instruments, if there are regions.</summary>
    public void Observe(IReadOnlyList<RegionPeer> regions)
    {
        if (regions.Count == 0)
            return;
        var meter = meters.Create(StoreMetrics.MeterName);
        meter.CreateObservableGauge("kvstore.region.connected", () => Of(sync => sync.ConnectedSince is null ? 0 : 1), null, "Whether the changes of the region are followed.");
        meter.CreateObservableGauge("kvstore.region.pending", () => Each(sync => [(sync.Keys.CountOf(RegionSide.Here).Count, "to"), (sync.Keys.CountOf(RegionSide.There).Count, "from")]), null, "Keys with changes that are not exchanged yet, by direction.");
        meter.CreateObservableGauge("kvstore.region.lag", () => regions.Where(region => region.Sync is not null).Select(region =>
            new Measurement<double>(RegionStatus.Of(region, time).Lag.TotalSeconds, Label("region", region.Options.Name))), "s", "How long the oldest such change has been known.");
        meter.CreateObservableGauge("kvstore.region.conflicts", () => Of(sync => sync.Keys.Conflicts.Count), null, "Values that cannot be merged with those of the region.");
        meter.CreateObservableCounter("kvstore.region.exchanges", () => Each(sync => [(sync.Exchanges, "exchanged"), (sync.Failures, "failed")], "result"), null, "Exchanges of values with the region.");

        IEnumerable<Measurement<long>> Of(Func<RegionSync, long> value) =>
            from region in regions
            let sync = region.Sync
            where sync is not null
            select new Measurement<long>(value(sync!), Label("region", region.Options.Name));

        IEnumerable<Measurement<long>> Each(Func<RegionSync, (long Value, string Label)[]> values, string label = "direction") =>
            from region in regions
            let sync = region.Sync
            where sync is not null
            from value in values(sync!)
            select new Measurement<long>(value.Value, Label("region", region.Options.Name), Label(label, value.Label));
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
