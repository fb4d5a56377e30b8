namespace KvStore.Server;

/// <summary>A <see cref="ClusterStatus"/> as JSON. <see cref="ClusterApi"/> says what the members mean.</summary>
internal static class ClusterJson
{
    public static void Write(Utf8JsonWriter json, ClusterStatus status)
    {
        json.WriteStartObject();
        if (status.StoreId is { } id)
            json.WriteString("store_id"u8, id.ToString());
        json.WritePropertyName("as_of"u8);
        JsonTime.WriteValue(json, status.AsOf);
        json.WriteStartArray("replicas"u8);
        foreach (var replica in status.Replicas)
            Write(json, replica);
        json.WriteEndArray();
        json.WriteStartArray("etcd"u8);
        foreach (var member in status.Members)
            Write(json, member);
        json.WriteEndArray();
        WriteTexts(json, "alarms"u8, status.Alarms);
        json.WriteStartObject("quorum"u8);
        json.WriteNumber("healthy"u8, status.Quorum.Healthy);
        json.WriteNumber("needed"u8, status.Quorum.Needed);
        json.WriteNumber("tolerates"u8, status.Quorum.Tolerates);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReplicaStatus replica)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, replica.Id);
        json.WriteString("name"u8, replica.Name);
        json.WriteString("url"u8, replica.Url);
        json.WriteString("state"u8, replica.State);
        json.WriteNumber("revision"u8, replica.Revision);
        WriteNumber(json, "lag"u8, replica.Lag);
        json.WriteString("version"u8, replica.Version);
        json.WriteNumber("last_seen_seconds"u8, Math.Round(replica.LastSeen.TotalSeconds, 3));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, EtcdMemberStatus member)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, member.Name);
        WriteTexts(json, "urls"u8, member.Urls);
        json.WriteBoolean("reachable"u8, member.IsReachable);
        json.WriteBoolean("leader"u8, member.IsLeader);
        WriteNumber(json, "size"u8, member.Size);
        WriteNumber(json, "size_in_use"u8, member.SizeInUse);
        json.WriteString("version"u8, member.Version);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }
}
