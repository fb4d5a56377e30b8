using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KvStore.Client;

/// <summary>The JSON of requests and responses.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WireProblem))]
[JsonSerializable(typeof(WirePage))]
[JsonSerializable(typeof(WireCount))]
[JsonSerializable(typeof(WireChanges))]
[JsonSerializable(typeof(WireItem))]
[JsonSerializable(typeof(WireKeys))]
[JsonSerializable(typeof(WireDeleted))]
[JsonSerializable(typeof(WireTransactionResult))]
internal sealed partial class Wire : JsonSerializerContext;

internal sealed record WireProblem
{
    public string? Type { get; init; }

    public string? Title { get; init; }

    public string? Detail { get; init; }

    public string? Field { get; init; }

    public string? Outcome { get; init; }

    public long? OldestRevision { get; init; }

    public KvFailedGuard[]? Failed { get; init; }
}

internal sealed record WireItem
{
    public string? Type { get; init; }

    public required string Key { get; init; }

    public long Revision { get; init; }

    public long? CreatedRevision { get; init; }

    public long? Version { get; init; }

    public string? ContentType { get; init; }

    public long Size { get; init; }

    public DateTimeOffset? ModifiedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public JsonElement? Json { get; init; }

    public string? Text { get; init; }

    public byte[]? Base64 { get; init; }

    public KvEntry ToEntry() => new()
    {
        Key = Key,
        Revision = Revision,
        ContentType = ContentType ?? "",
        Value = Json is { } json ? Encoding.UTF8.GetBytes(json.GetRawText()) : Text is not null ? Encoding.UTF8.GetBytes(Text) : Base64,
        Size = Size,
        ExpiresAt = ExpiresAt,
        CreatedRevision = CreatedRevision,
        Version = Version,
        ModifiedAt = ModifiedAt,
    };
}

internal sealed record WirePage(long Revision, WireItem[] Items, string[]? Prefixes, string? Cursor);

internal sealed record WireCount(long Revision, long Count);

internal sealed record WireChanges(long Revision, WireItem[]? Changes);

internal sealed record WireKeys(string[] Keys);

internal sealed record WireDeleted(long Revision, long Deleted);

internal sealed record WireTransactionResult(long Revision, WireStepResult[] Results);

internal sealed record WireStepResult(WireItem? Get);
