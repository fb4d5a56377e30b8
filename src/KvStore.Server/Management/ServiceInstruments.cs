using System.Diagnostics.Metrics;

namespace KvStore.Server;

/// <summary>The instruments that observe the numbers of <see cref="StatusFields"/>, and those that have labels. Nothing is counted here: they read when they are collected.</summary>
internal sealed class ServiceInstruments
{
    public ServiceInstruments(IMeterFactory meters, ServiceStatusReader reader, Store store, KvStoreOptions options, ServiceClock clock)
    {
        var meter = meters.Create(StoreMetrics.MeterName);
        meter.CreateObservableGauge(
            "kvstore.info", () => new Measurement<long>(1, Label("version", ServiceVersion.Text), Label("engine", options.Engine)), null, "The build that runs; always 1.");
        meter.CreateObservableGauge<long>(
            "kvstore.store.info", () => reader.Read().StoreId is { } id ? [new(1, Label("store_id", $"{id}"))] : [], null, "The store that is served; always 1.");

        // The name is that of Prometheus' own libraries.
        meter.CreateObservableGauge(
            "process.start_time", () => clock.StartedAt.ToUnixTimeMilliseconds() / 1000.0, "s", "When the service started, in seconds since 1970.");
        meter.CreateObservableGauge(
            "kvstore.watch.lag", () => store.WatchLag, "{revision}", "Revisions from the first change that some watcher has not read to the latest one.");
        ObserveMemory(meter, reader);
        StatusField.Observe(meter, StatusFields.All, reader.Read);
    }

    private static void ObserveMemory(Meter meter, ServiceStatusReader reader)
    {
        meter.CreateObservableGauge("kvstore.memory.bytes", () => Accounts(account => account.Bytes), "By", "Bytes of the heap that are charged to an account.");
        meter.CreateObservableGauge("kvstore.memory.bytes_max", () => Accounts(account => account.BytesMax), null, "Bytes that may be charged to an account.");
        meter.CreateObservableCounter("kvstore.memory.refusals", () => Accounts(account => account.Refusals), null, "How often something did not fit into an account.");

        IEnumerable<Measurement<long>> Accounts(Func<MemoryAccount, long> value) =>
            reader.Read().Memory.All.Select(account => new Measurement<long>(value(account), Label("account", account.Name)));
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
