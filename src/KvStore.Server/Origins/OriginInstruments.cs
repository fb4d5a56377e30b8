using System.Diagnostics.Metrics;
using KvStore.Origins;

namespace KvStore.Server;

/// <summary>The instruments of origins. Nothing is counted here: they read when they are collected.</summary>
internal sealed class OriginInstruments(IMeterFactory meters, ServedOrigins origins)
{
    /// <summary>Creates the instruments, if there are origins.</summary>
    public void Observe()
    {
        if (origins.All.Count == 0)
            return;
        var meter = meters.Create(StoreMetrics.MeterName);
        meter.CreateObservableCounter("kvstore.origin.requests", () => origins.All.SelectMany(origin => Enum.GetValues<OriginAnswer>().Select(answer =>
            new Measurement<long>(origin.CountOf(answer), Label("origin", origin.Options.Name), Label("result", TextOf(answer))))), null, "Reads of keys from an origin, by how they were answered.");
        meter.CreateObservableCounter("kvstore.origin.calls", () => Of(status => status.Calls), null, "Calls of the origin, the repeated ones included.");
        meter.CreateObservableCounter("kvstore.origin.calls.repeated", () => Of(status => status.RepeatedCalls), null, "Calls of the origin that repeated a failed one.");
        meter.CreateObservableCounter("kvstore.origin.loads", () => origins.All.SelectMany(origin => Loads(origin.Options.Name, origin.Pool.Status)), null, "Loads, by what they found.");
        meter.CreateObservableCounter("kvstore.origin.journal.dropped", () => OfJournals(journal => journal.Dropped), null, "Calls that the journal left out.");
        meter.CreateObservableGauge("kvstore.origin.workers", () => Of(status => status.Workers), null, "Workers that there are.");
        meter.CreateObservableGauge("kvstore.origin.workers.busy", () => Of(status => status.Busy), null, "Workers that call the origin.");
        meter.CreateObservableGauge("kvstore.origin.queue", () => Of(status => status.Queued), null, "Loads that wait for a worker.");
        meter.CreateObservableGauge("kvstore.origin.waiters", () => Of(status => status.Waiters), null, "Requests that wait for loads.");
        meter.CreateObservableGauge("kvstore.origin.tokens", () => Of(status => status.Tokens), null, "Calls that can be made now.");
        meter.CreateObservableGauge("kvstore.origin.breaker_open", () => Of(status => status.Breaker == BreakerState.Closed ? 0 : 1), null, "Whether the origin is not called because it has failed.");
        meter.CreateObservableGauge("kvstore.origin.outbox", () => Outbox(outbox => outbox.Status is var status ? [(status.Pending, Label("state", "pending")), (status.Parked, Label("state", "parked"))] : []), null, "Keys whose last write the origin has yet to get.");
        meter.CreateObservableGauge("kvstore.origin.outbox.age", () => origins.All.Where(origin => origin.Outbox is not null).Select(origin =>
            new Measurement<double>(origin.Outbox!.AgeOf(origin.Outbox.Status).TotalSeconds, Label("origin", origin.Options.Name))), "s", "How long the oldest of them has waited that is not parked.");
        meter.CreateObservableCounter("kvstore.origin.deliveries", () => Outbox(outbox => [(outbox.Delivered, Label("result", "delivered")), (outbox.Failed, Label("result", "failed"))]), null, "Deliveries of such writes, by what the origin said.");
    }

    public static string TextOf(OriginAnswer answer) => answer switch
    {
        OriginAnswer.Hit => "hit",
        OriginAnswer.Stale => "stale",
        OriginAnswer.Loaded => "loaded",
        _ => "failed",
    };

    private static IEnumerable<Measurement<long>> Loads(string name, LoaderStatus status) =>
        from found in (IEnumerable<(string Result, long Count)>)[("found", status.Found), ("not_modified", status.NotModified), ("absent", status.Absent), ("failed", status.Failed)]
        select new Measurement<long>(found.Count, Label("origin", name), Label("result", found.Result));

    private IEnumerable<Measurement<long>> Outbox(Func<OutboxWorkers, (long Value, KeyValuePair<string, object?> Label)[]> values) =>
        origins.All.Where(origin => origin.Outbox is not null).SelectMany(origin => values(origin.Outbox!).Select(one => new Measurement<long>(one.Value, Label("origin", origin.Options.Name), one.Label)));

    private IEnumerable<Measurement<long>> Of(Func<LoaderStatus, long> value) =>
        origins.All.Select(origin => new Measurement<long>(value(origin.Pool.Status), Label("origin", origin.Options.Name)));

    private IEnumerable<Measurement<long>> OfJournals(Func<OriginJournal, long> value) =>
        origins.All.Where(origin => origin.Journal is not null).Select(origin => new Measurement<long>(value(origin.Journal!), Label("origin", origin.Options.Name)));

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}
