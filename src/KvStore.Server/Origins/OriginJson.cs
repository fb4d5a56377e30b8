using KvStore.Origins;

namespace KvStore.Server;

/// <summary>How an origin does, as JSON. <see cref="OriginApi"/> says what the members mean.</summary>
internal static class OriginJson
{
    public static void Write(Utf8JsonWriter json, ServedOrigin origin, Snapshot snapshot)
    {
        var (options, status) = (origin.Options, origin.Pool.Status);
        json.WriteStartObject();
        json.WriteString("name"u8, options.Name);
        json.WriteString("prefix"u8, options.Prefix);
        json.WriteString("writes"u8, OriginSettings.TextOf(options.Writes));
        json.WriteNumber("known_keys"u8, origin.State.CountKnown(snapshot));
        json.WriteStartObject("workers"u8);
        json.WriteNumber("now"u8, status.Workers);
        json.WriteNumber("busy"u8, status.Busy);
        json.WriteNumber("min"u8, options.Workers.Min);
        json.WriteNumber("max"u8, options.Workers.Max);
        json.WriteEndObject();
        json.WriteStartObject("tokens"u8);
        json.WriteNumber("now"u8, status.Tokens);
        json.WriteNumber("per_second"u8, options.Tokens.PerSecond);
        json.WriteNumber("burst"u8, options.Tokens.Burst);
        json.WriteNumber("paused_seconds"u8, Math.Round(status.PauseLeft.TotalSeconds, 3));
        json.WriteEndObject();
        json.WriteString("breaker"u8, status.Breaker == BreakerState.Closed ? "closed" : "open");
        json.WriteNumber("queued"u8, status.Queued);
        json.WriteNumber("loading"u8, status.Loads);
        json.WriteNumber("waiters"u8, status.Waiters);
        json.WriteStartObject("requests"u8);
        foreach (var answer in Enum.GetValues<OriginAnswer>())
            json.WriteNumber(OriginInstruments.TextOf(answer), origin.CountOf(answer));
        json.WriteEndObject();
        WriteRatio(json, origin);
        json.WriteStartObject("loads"u8);
        json.WriteNumber("calls"u8, status.Calls);
        json.WriteNumber("repeated_calls"u8, status.RepeatedCalls);
        json.WriteNumber("found"u8, status.Found);
        json.WriteNumber("not_modified"u8, status.NotModified);
        json.WriteNumber("absent"u8, status.Absent);
        json.WriteNumber("failed"u8, status.Failed);
        json.WriteNumber("collapsed"u8, status.Collapsed);
        json.WriteEndObject();
        if (origin.Journal is { } journal)
        {
            json.WriteStartObject("journal"u8);
            json.WriteNumber("written"u8, journal.Written);
            json.WriteNumber("dropped"u8, journal.Dropped);
            json.WriteEndObject();
        }

        if (origin.Listener is { } listener)
        {
            json.WriteStartObject("notifications"u8);
            json.WriteString("channel"u8, listener.Channel);
            json.WriteBoolean("connected"u8, listener.IsConnected);
            json.WriteNumber("connections"u8, listener.Connections);
            json.WriteNumber("received"u8, listener.Received);
            json.WriteEndObject();
        }

        if (origin.Outbox is { } outbox)
            Write(json, options, outbox);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, OriginOptions options, OutboxWorkers outbox)
    {
        var status = outbox.Status;
        json.WriteStartObject("outbox"u8);
        json.WriteNumber("pending"u8, status.Pending);
        json.WriteNumber("parked"u8, status.Parked);
        json.WriteNumber("entries_max"u8, options.Outbox.EntriesMax);
        json.WriteNumber("age_seconds"u8, Math.Round(outbox.AgeOf(status).TotalSeconds, 3));
        json.WriteNumber("delivered"u8, outbox.Delivered);
        json.WriteNumber("failed"u8, outbox.Failed);
        json.WriteEndObject();
    }

    private static void WriteRatio(Utf8JsonWriter json, ServedOrigin origin)
    {
        var served = origin.CountOf(OriginAnswer.Hit) + origin.CountOf(OriginAnswer.Stale);
        var all = served + origin.CountOf(OriginAnswer.Loaded) + origin.CountOf(OriginAnswer.Failed);
        if (all > 0)
            json.WriteNumber("hit_ratio"u8, Math.Round((double)served / all, 4));
        else
            json.WriteNull("hit_ratio"u8);
    }
}
