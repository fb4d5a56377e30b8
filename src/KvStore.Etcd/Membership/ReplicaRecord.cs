using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>What a replica says of itself, under a key of its own in etcd. It is rewritten every second, and when its state changes. Immutable.</summary>
internal sealed record ReplicaRecord
{
    /// <summary>Names the process: random, so that a restarted replica is another one.</summary>
    public required string Id { get; init; }

    /// <summary>What operators call it.</summary>
    public required string Name { get; init; }

    /// <summary>Where clients and other replicas reach it.</summary>
    public required string Url { get; init; }

    /// <summary>The version of the program.</summary>
    public required string Version { get; init; }

    public ReplicaState State { get; init; }

    /// <summary>The revision of its latest snapshot.</summary>
    public long Revision { get; init; }

    /// <summary>Rises by one with each writing. That it rises is what shows that the replica lives: clocks may be wrong.</summary>
    public long Counter { get; init; }

    /// <summary>What its own clock said when it wrote this, in milliseconds since 1970.</summary>
    public long Clock { get; init; }

    /// <summary>Milliseconds that its <see cref="ClusterClock"/> was ahead of its own clock; null while it does not know the others' clocks yet.</summary>
    public long? ClockOffset { get; init; }

    /// <summary>The ids of those that have been silent for it, so that a replica that starts need not listen for as long to know them.</summary>
    public IReadOnlyList<string> Failed { get; init; } = [];

    public ByteString ToBytes() => UnsafeByteOperations.UnsafeWrap(JsonSerializer.SerializeToUtf8Bytes(this, ReplicaJson.Default.ReplicaRecord));

    /// <summary>Reads a record; null if it is none, or not of this id.</summary>
    public static ReplicaRecord? Read(ByteString bytes, string id)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, ReplicaJson.Default.ReplicaRecord) is { } record && record.Id == id ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What a replica does.</summary>
internal enum ReplicaState
{
    /// <summary>It loads, for the first time or again, and should get no requests.</summary>
    Joining,

    /// <summary>It serves.</summary>
    Ready,

    /// <summary>It is stopping and serves on, so that a load balancer can send requests elsewhere.</summary>
    Draining,

    /// <summary>It has been silent for too long, as others say of it; or its store has failed, as it says itself.</summary>
    Failed,
}

/// <summary>The JSON of <see cref="ReplicaRecord"/>. Members that it does not know are those of a later version, and are ignored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(ReplicaStateConverter)])]
[JsonSerializable(typeof(ReplicaRecord))]
internal sealed partial class ReplicaJson : JsonSerializerContext;

/// <summary>States as the words of the documents: <c>ready</c>.</summary>
internal sealed class ReplicaStateConverter() : JsonStringEnumConverter<ReplicaState>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
