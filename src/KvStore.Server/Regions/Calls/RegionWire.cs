using System.Text.Json.Serialization;

namespace KvStore.Server;

/// <summary>The JSON of another store's requests and answers, of which only what is used has members.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WirePage))]
[JsonSerializable(typeof(WireCommit))]
[JsonSerializable(typeof(WireValue))]
[JsonSerializable(typeof(WirePush))]
[JsonSerializable(typeof(WireProblem))]
internal sealed partial class RegionWire : JsonSerializerContext;

/// <summary>A page of a listing.</summary>
internal sealed record WirePage(WireItem[]? Items = null, string? Cursor = null);

/// <summary>An item of a listing, or a change of a watch, which has a type.</summary>
internal sealed record WireItem(string? Key = null, string? Type = null, long Revision = 0, string? ContentType = null)
{
    [JsonIgnore]
    public bool IsMergeable => ContentType == Entry.MergeableContentType;
}

/// <summary>A commit, as a watch shows it.</summary>
internal sealed record WireCommit(long Revision = 0, WireItem[]? Changes = null);

/// <summary>A mergeable value, or what the store that asks lacks of it.</summary>
internal sealed record WireValue(long Revision = 0, string? Type = null, string? Version = null, byte[]? Delta = null, string? Lineage = null, string? Hub = null);

/// <summary>What this store has of a value, and what it thinks the other one lacks.</summary>
internal sealed record WirePush(string Replica, string Version, string Lineage, ReadOnlyMemory<byte>? Delta = null, string? Hub = null);

/// <summary>Why a request was refused (RFC 9457).</summary>
internal sealed record WireProblem(string? Type = null, string? Detail = null)
{
    /// <summary>The heading of docs/http-api.md that explains it.</summary>
    [JsonIgnore]
    public string Name => Type is { } type ? type[(type.LastIndexOf('#') + 1)..] : "";
}
