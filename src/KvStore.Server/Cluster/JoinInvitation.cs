namespace KvStore.Server;

/// <summary>What a replica tells one that joins: where the store is, and the settings that must agree. Never a credential. Immutable.</summary>
/// <param name="Engine">The engine of the replica.</param>
/// <param name="StoreId">The store; null until it is loaded.</param>
/// <param name="EtcdClusterId">The id of the etcd cluster, as etcd writes it; null if it is not known.</param>
/// <param name="Etcd">The endpoints of etcd.</param>
/// <param name="EtcdPrefix">What the keys of the store in etcd begin with.</param>
/// <param name="EtcdCa">The certificates of the authorities that etcd's are of, in PEM; null for those of the system.</param>
/// <param name="Settings">The settings that must agree.</param>
internal sealed record JoinInvitation(
    string Engine, string? StoreId, string? EtcdClusterId, IReadOnlyList<string> Etcd, string EtcdPrefix, string? EtcdCa, IReadOnlyList<(string Name, string Value)> Settings)
{
    public static JoinInvitation Example { get; } = new(
        "etcd", "5f0c2a9e4b7d1836", "cdf818194e3a8c32", ["http://etcd-0:2379", "http://etcd-1:2379"], "kvstore/", null, SharedSettings.Of(new KvStoreOptions()));

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("engine"u8, Engine);
        WriteText("store_id", StoreId);
        WriteText("etcd_cluster_id", EtcdClusterId);
        json.WriteStartArray("etcd"u8);
        foreach (var endpoint in Etcd)
            json.WriteStringValue(endpoint);
        json.WriteEndArray();
        json.WriteString("etcd_prefix"u8, EtcdPrefix);
        WriteText("etcd_ca", EtcdCa);
        json.WriteStartArray("settings"u8);
        foreach (var (name, value) in Settings)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteString("value"u8, value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();

        void WriteText(string name, string? text)
        {
            if (text is not null)
                json.WriteString(name, text);
        }
    }

    /// <summary>Reads an invitation; null if the bytes are none.</summary>
    public static JoinInvitation? Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = document.RootElement;
            return new JoinInvitation(
                root.GetProperty("engine").GetString()!, TextOf("store_id"), TextOf("etcd_cluster_id"), [.. root.GetProperty("etcd").EnumerateArray().Select(endpoint => endpoint.GetString()!)],
                root.GetProperty("etcd_prefix").GetString()!, TextOf("etcd_ca"), [.. root.GetProperty("settings").EnumerateArray().Select(setting => (setting.GetProperty("name").GetString()!, setting.GetProperty("value").GetString()!))]);

            string? TextOf(string name) => root.TryGetProperty(name, out var member) ? member.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
