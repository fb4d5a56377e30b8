using System.Text.Json.Serialization;

namespace KvStore.Client;

/// <summary>The JSON of requests and responses.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(WireProblem))]
[JsonSerializable(typeof(WirePage))]
[JsonSerializable(typeof(WireCount))]
[JsonSerializable(typeof(WireChanges))]
[JsonSerializable(typeof(WireItem))]
[JsonSerializable(typeof(WireKeys))]
[JsonSerializable(typeof(WireDeleted))]
[JsonSerializable(typeof(WireTransactionResult))]
internal sealed partial class Wire : JsonSerializerContext;

internal sealed record WireProblem(
    string? Type = null, string? Title = null, string? Detail = null, string? Field = null, string? Outcome = null, long? OldestRevision = null, KvFailedGuard[]? Failed = null);

internal sealed record WireItem(
    string Key, string? Type = null, long Revision = 0, long? CreatedRevision = null, long? Version = null, string? ContentType = null, long Size = 0,
    DateTimeOffset? ModifiedAt = null, DateTimeOffset? ExpiresAt = null, JsonElement? Json = null, string? Text = null, byte[]? Base64 = null)
{
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

internal sealed record WirePage(long Revision, WireItem[] Items, string[]? Prefixes = null, string? Cursor = null);

internal sealed record WireCount(long Revision, long Count);

internal sealed record WireChanges(long Revision, WireItem[]? Changes = null);

internal sealed record WireKeys(string[] Keys);

internal sealed record WireDeleted(long Revision, long Deleted);

internal sealed record WireTransactionResult(long Revision, WireStepResult[] Results);

internal sealed record WireStepResult(WireItem? Get = null);
