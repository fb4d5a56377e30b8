namespace KvStore.Server;

/// <summary>How a region does, as JSON. <see cref="RegionApi"/> says what the members mean.</summary>
internal static class RegionJson
{
    // All of them would make an answer of a megabyte; the number says how many there are.
    private const int ConflictsMax = 100;

    public static void Write(Utf8JsonWriter json, RegionPeer region, TimeProvider time)
    {
        var (sync, status) = (region.Sync, RegionStatus.Of(region, time));
        json.WriteStartObject();
        json.WriteString("name"u8, region.Options.Name);
        json.WriteString("address"u8, region.Options.Address.AbsoluteUri);
        json.WriteStartArray("prefixes"u8);
        foreach (var prefix in region.Options.Prefixes)
            json.WriteStringValue(prefix);
        json.WriteEndArray();
        json.WriteString("state"u8, status.State);
        Write(json, "connected_at"u8, sync?.ConnectedSince);
        Write(json, "last_contact_at"u8, sync?.LastContact);
        json.WriteNumber("lag_seconds"u8, Math.Round(status.Lag.TotalSeconds, 3));
        json.WriteStartObject("pending"u8);
        json.WriteNumber("to"u8, status.To);
        json.WriteNumber("from"u8, status.From);
        json.WriteEndObject();
        json.WriteStartObject("exchanges"u8);
        json.WriteNumber("exchanged"u8, sync?.Exchanges ?? 0);
        json.WriteNumber("failed"u8, sync?.Failures ?? 0);
        json.WriteEndObject();
        WriteError(json, sync?.LastError);
        WriteConflicts(json, sync?.Keys.Conflicts ?? []);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, RegionError? error)
    {
        if (error is null)
        {
            json.WriteNull("last_error"u8);
            return;
        }

        json.WriteStartObject("last_error"u8);
        JsonTime.Write(json, "occurred_at"u8, error.At);
        json.WriteString("detail"u8, error.Sentence);
        json.WriteEndObject();
    }

    private static void WriteConflicts(Utf8JsonWriter json, IReadOnlyList<RegionConflict> conflicts)
    {
        json.WriteStartObject("conflicts"u8);
        json.WriteNumber("count"u8, conflicts.Count);
        json.WriteStartArray("items"u8);
        foreach (var conflict in conflicts.OrderBy(conflict => conflict.Since).Take(ConflictsMax))
        {
            json.WriteStartObject();
            json.WriteString("key"u8, conflict.Key.Utf8);
            JsonTime.Write(json, "found_at"u8, conflict.Since);
            json.WriteString("reason"u8, conflict.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is { } known)
            JsonTime.Write(json, name, known);
        else
            json.WriteNull(name);
    }
}
