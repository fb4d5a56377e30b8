using System.Net;
using System.Text.Json.Serialization;

namespace KvStore.Client;

/// <summary>The JSON of requests and responses.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WireProblem))]
[JsonSerializable(typeof(WirePage))]
[JsonSerializable(typeof(WireCount))]
[JsonSerializable(typeof(WireChanges))]
[JsonSerializable(typeof(WireItem))]
[JsonSerializable(typeof(WireKeys))]
[JsonSerializable(typeof(WireDeleted))]
[JsonSerializable(typeof(WireTransactionResult))]
[JsonSerializable(typeof(WireBatch))]
[JsonSerializable(typeof(WireLine))]
[JsonSerializable(typeof(WireInvalidation))]
[JsonSerializable(typeof(WireLoads))]
[JsonSerializable(typeof(WireMergeable))]
[JsonSerializable(typeof(WireReplicaChange))]
[JsonSerializable(typeof(WireIncrement))]
[JsonSerializable(typeof(WireElements))]
[JsonSerializable(typeof(WireEdits))]
[JsonSerializable(typeof(WireImportReport))]
internal sealed partial class Wire : JsonSerializerContext;

internal sealed record WireProblem(
    string? Type = null, string? Title = null, int? Status = null, string? Detail = null, string? Field = null, string? Outcome = null, long? OldestRevision = null,
    WireFailedGuard[]? Failed = null, string? Version = null)
{
    // Other services have problems too; their types name other documents.
    private const string Document = "http-api";

    /// <summary>The heading of docs/http-api.md that explains it.</summary>
    [JsonIgnore]
    public string Name => Type is { } type ? type[(type.LastIndexOf('#') + 1)..] : "";

    /// <summary>What the answer to a HEAD says, which has no body: that the entry is absent if it names the revision of that state.</summary>
    public static WireProblem? OfHead(HttpStatusCode status, KvRevision? revision) => status == HttpStatusCode.NotFound && revision is null
        ? null
        : new WireProblem(status == HttpStatusCode.NotFound ? $"/docs/{Document}#not-found" : $"/docs/{Document}#", Status: (int)status, Detail: $"The service answered {(int)status} ({status}).");

    /// <summary>Whether it is a problem of KvStore, and the one of this status.</summary>
    public bool IsOfStatus(HttpStatusCode status) => Status == (int)status && Type is { } type && type.LastIndexOf('#') is > 0 and var end && type.AsSpan(0, end).Contains(Document, StringComparison.Ordinal);
}

internal sealed record WireFailedGuard(string Key, long? Revision = null);

internal sealed record WireItem(
    string Key, string? Type = null, long Revision = 0, long? CreatedRevision = null, long? Version = null, string? ContentType = null, long Size = 0,
    DateTimeOffset? ModifiedAt = null, DateTimeOffset? ExpiresAt = null, JsonElement Json = default, string? Text = null, byte[]? Base64 = null)
{
    // Undefined: there is no member "json". A value that is null in JSON is a value.
    private byte[]? Value => Json.ValueKind != JsonValueKind.Undefined ? Encoding.UTF8.GetBytes(Json.GetRawText()) : Text is not null ? Encoding.UTF8.GetBytes(Text) : Base64;

    /// <summary>The entry.</summary>
    /// <param name="state">A revision of the store that it is from.</param>
    public KvEntry ToEntry(KvRevision state)
    {
        var entry = new KvEntry
        {
            Key = Key,
            Revision = state.WithNumber(Revision),
            ContentType = ContentType ?? "",
            Size = Size,
            ExpiresAt = ExpiresAt,
            CreatedRevision = CreatedRevision,
            Version = Version,
            ModifiedAt = ModifiedAt,
        };
        return Value is { } value ? entry with { Value = value } : entry;
    }
}

internal sealed record WirePage(long Revision, WireItem[] Items, string[]? Prefixes = null, string? Cursor = null);

internal sealed record WireCount(long Revision, long Count);

internal sealed record WireChanges(long Revision, WireItem[]? Changes = null);

internal sealed record WireKeys(string[] Keys);

internal sealed record WireDeleted(long Revision, long Deleted);

internal sealed record WireTransactionResult(long Revision, WireStepResult[] Results);

internal sealed record WireBatch(WireItem[] Items, string[]? Missing = null, string[]? Pending = null, WireLoadError[]? Errors = null)
{
    public static KvBatchRest Rest(string[]? missing, string[]? pending, WireLoadError[]? errors) => new(
        missing ?? [], pending ?? [], [.. (errors ?? []).Select(error => new KvLoadError(error.Key, new WireProblem(error.Type).Name, error.Detail ?? ""))]);
}

internal sealed record WireLoadError(string Key, string? Type = null, string? Detail = null);

// A line of a streamed batch: an entry, or the rest.
internal sealed record WireLine(string? Key = null, string[]? Missing = null, string[]? Pending = null, WireLoadError[]? Errors = null);

internal sealed record WireInvalidation(string[]? Keys = null, string? Prefix = null);

internal sealed record WireLoads(int Loading, int Refused);

internal sealed record WireStepResult(WireItem? Get = null);

internal sealed record WireImportReport(long Revision, long Imported, long Expired, long Failed, WireImportError[]? Errors = null);

internal sealed record WireImportError(long Line, string? Detail = null);
